import type { Command } from './command.js';

export const resume: Command = {
  name: 'resume',
  summary: 'Ends a pause: the schedule of a model is obeyed again, and its backfill goes on.',
  examples: ['resume returns'],
  arguments: [{ name: '<model>', description: 'name of the model' }],
  connects: true,
  async run(context) {
    const { setPaused } = await import('./set-paused.js');
    await setPaused(context, false);
  },
};
