import type { RunRecord } from '../domain/run.js';
import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';

export const runs: Command = {
  name: 'runs',
  summary: 'Lists the runs of a model that have ended, newest first.',
  examples: ['runs returns', 'runs returns --limit 5 --json'],
  arguments: [{ name: '<model>', description: 'name of the model' }],
  options: [{ flags: '--limit <number>', description: 'how many at most; default: 20' }],
  connects: true,
  async run(context) {
    const model = context.words[0] ?? '';
    const limit = limitOf(context);
    const [{ withPerennial }, { table }, { ago }, { outcomeText }] = await Promise.all([
      import('./connect.js'),
      import('./table.js'),
      import('./ago.js'),
      import('./run-text.js'),
    ]);
    await withPerennial(context, async ({ perennial }) => {
      const found = await perennial.runs(model, { limit: limit + 1 });
      // A model without runs is fine, one that nobody knows is not.
      if (found.length === 0) await perennial.status(model);
      const shown = found.slice(0, limit);
      context.answer({ model, runs: shown, more: found.length > limit }, () => {
        if (shown.length === 0) return `No run of ${model} has ended yet.\n\nNext: perennial run ${model} --wait`;
        const rows = shown.map((record) => [
          String(record.run),
          ago(record.startedAt),
          record.trigger.kind,
          outcomeText(context, record.outcome),
          record.result?.version === undefined ? '-' : `v${record.result.version}`,
          hitsText(record),
          record.summary,
        ]);
        const head = ['RUN', 'STARTED', 'TRIGGER', 'OUTCOME', 'VERSION', 'CACHED', 'SUMMARY'];
        const text = table(context, { head, rows, mayCut: ['SUMMARY'] });
        return found.length > limit ? `${text}\nThere are more: --limit ${limit * 5}` : text;
      });
    });
  },
};

/** How many of the steps that may be taken from the step cache were: `3/3`. */
function hitsText({ cache = {} }: RunRecord): string {
  const uses = Object.values(cache);
  return uses.length === 0 ? '-' : `${uses.filter((use) => use === 'hit').length}/${uses.length}`;
}

/** The value of `--limit`: a whole number from 1 to 10,000. */
export function limitOf(context: Pick<CommandContext, 'text'>, fallback = 20): number {
  const text = context.text('limit');
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,3}$|^10000$/.test(text)) return Number(text);
  throw new UsageError(`Cannot use --limit "${text.slice(0, 40)}": want a whole number from 1 to 10000`, {
    fix: '--limit 20',
  });
}
