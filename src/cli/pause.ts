import type { Command } from './command.js';

export const pause: Command = {
  name: 'pause',
  summary:
    'Holds the automatic training of a model: its schedule is refused, its backfill waits, people may still ask.',
  examples: ['pause returns'],
  arguments: [{ name: '<model>', description: 'name of the model' }],
  connects: true,
  async run(context) {
    const { setPaused } = await import('./set-paused.js');
    await setPaused(context, true);
  },
};
