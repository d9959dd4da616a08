import { NotFoundError, UsageError } from '../errors.js';
import type { Command } from './command.js';

export const show: Command = {
  name: 'show',
  summary: 'Shows one run that has ended: verdict, reasons, metrics, and what it was made of.',
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
    const [{ withPerennial }, { runText }] = await Promise.all([import('./connect.js'), import('./run-text.js')]);
    await withPerennial(context, async ({ perennial }) => {
      const record =
        word === 'latest' ? (await perennial.runs(model, { limit: 1 }))[0] : await perennial.run(model, Number(word));
      if (!record) {
        throw new NotFoundError(`Cannot show the latest run of "${model}": no run has ended yet`, {
          fix: `perennial status ${model}`,
          details: { model },
        });
      }
      context.answer({ model, run: record }, () => runText(context, record));
    });
  },
};
