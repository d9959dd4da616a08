import { NotFoundError, UsageError } from '../errors.js';
import type { RunRecord } from '../domain/run.js';
import type { Command } from './command.js';
import type { Connected } from './connect.js';

export const show: Command = {
  name: 'show',
  summary: 'Shows one run: verdict, reasons, metrics, what it was made of; of one under way, how far it is.',
  examples: ['show returns 3', 'show returns latest --json'],
  arguments: [
    { name: '<model>', description: 'name of the model' },
    { name: '<run>', description: 'number of the run, or latest' },
  ],
  connects: true,
  async run(context) {
    const [model = '', word = ''] = context.words;
    if (word !== 'latest' && !/^[1-9]\d{0,11}$/.test(word)) {
      throw new UsageError(`Cannot show run "${word.slice(0, 40)}": want a number from 1, or latest`, {
        fix: `perennial runs ${model}`,
      });
    }
    const [{ withPerennial }, { runText }, { runUnderWay, underWayText }] = await Promise.all([
      import('./connect.js'),
      import('./run-text.js'),
      import('./run-under-way.js'),
    ]);
    await withPerennial(context, async (connected) => {
      const run = word === 'latest' ? word : Number(word);
      const record = await recordOf(connected, model, run);
      if (!record || record instanceof NotFoundError) {
        const underWay = await runUnderWay(connected, model, run);
        if (underWay) {
          context.answer({ model, run: null, underWay }, () => underWayText(model, underWay));
          return;
        }
        if (record) throw record;
        throw new NotFoundError(`Cannot show the latest run of "${model}": no run has ended yet`, {
          fix: `perennial status ${model}`,
          details: { model },
        });
      }
      context.answer({ model, run: record }, () => runText(context, record));
    });
  },
};

/** The record; for a number that has none, the error that says so. */
async function recordOf(
  { perennial }: Connected,
  model: string,
  run: number | 'latest',
): Promise<RunRecord | NotFoundError | undefined> {
  if (run === 'latest') return (await perennial.runs(model, { limit: 1 }))[0];
  return await perennial.run(model, run).catch((error: unknown) => {
    if (error instanceof NotFoundError) return error;
    throw error;
  });
}
