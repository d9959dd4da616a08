import { NotFoundError } from '../errors.js';
import type { Command } from './command.js';
import { findRecord, runWord } from './run-record-of.js';

export const show: Command = {
  name: 'show',
  summary: 'Shows one run: verdict, reasons, metrics, what it was made of; of one under way, how far it is.',
  examples: ['show returns 3', 'show returns latest --json'],
  arguments: [
    { name: '<model>', description: 'name of the model' },
    { name: '<run>', description: 'number of the run, or latest: the one under way, else the last that has ended' },
  ],
  connects: true,
  async run(context) {
    const [model = '', word = ''] = context.words;
    const wanted = runWord('show run', model, word);
    const [{ withPerennial }, { newestRun }, { runText }, { runUnderWay, underWayText }] = await Promise.all([
      import('./connect.js'),
      import('./newest-run.js'),
      import('./run-text.js'),
      import('./run-under-way.js'),
    ]);
    await withPerennial(context, async (connected) => {
      const run = wanted === 'latest' ? await newestRun(connected, 'show run', model) : wanted;
      const record = await findRecord(connected.perennial, model, run);
      if (record instanceof NotFoundError) {
        const underWay = await runUnderWay(connected, model, run);
        if (underWay) {
          context.answer({ model, run: null, underWay }, () => underWayText(model, underWay));
          return;
        }
        throw record;
      }
      context.answer({ model, run: record }, () => runText(context, record));
    });
  },
};
