import { countOutcomes, shortTime, type BackfillState } from '../src/domain/backfill.js';
import { flat } from './describe-loop.js';
import { markdownTable } from './markdown-table.js';

/** The backfill's current details in the Temporal UI: how far it is, and a table of its newest windows. */
export function describeBackfill({ model, range, promote, windows, done, current, waiting }: BackfillState): string {
  const rows = done
    .slice(-SHOWN)
    .toReversed()
    .map(({ asOf, run, outcome, summary }) => [
      `\`${shortTime(asOf)}\``,
      `[\`${run}\`](/namespaces/{namespace}/workflows/perennial%2F${model}%2Frun%2F${run})`,
      outcome,
      flat(summary),
    ]);
  const now =
    current === undefined
      ? []
      : [
          current.run === undefined
            ? `Next as of \`${shortTime(current.asOf)}\`${waiting === undefined ? '' : `: waits, ${flat(waiting)}`}.`
            : `Run \`${current.run}\` as of \`${shortTime(current.asOf)}\` is under way.`,
        ];
  return [
    `**${model}**, \`${shortTime(range.from)}\` to \`${shortTime(range.to)}\` every \`${range.every}\`: ` +
      `\`${done.length}\` of \`${windows}\` windows have ended (${flat(countOutcomes(done))}). ` +
      (promote ? 'A PROMOTE is rolled out.' : 'The champion stays, whatever the verdicts.'),
    ...now,
    '',
    markdownTable(['as of', 'run', 'outcome', 'why'], rows),
  ].join('\n');
}

/** The newest so many; the query and the result have all. */
const SHOWN = 12;
