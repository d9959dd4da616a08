import type { LoopState } from '../src/domain/loop.js';
import { markdownTable } from './markdown-table.js';

/** The loop's current details in the Temporal UI: what it does now and how the last runs ended, as a short table. */
export function describeLoop(state: LoopState): string {
  const { plan } = state;
  const now = state.current
    ? `run \`${state.current.run}\` is under way: [open](/namespaces/{namespace}/workflows/perennial%2F${state.model}%2Frun%2F${state.current.run})`
    : state.paused
      ? 'paused: only requests by hand are taken'
      : 'waits for a trigger';
  const rows = state.recent
    .slice(-5)
    .toReversed()
    .map(({ run, outcome, summary }) => [`\`${run}\``, outcome, flat(summary)]);
  return [
    `**${state.model}** ${now}${state.queued ? `; run \`${state.queued.run}\` waits` : ''}.`,
    '',
    `Objective: ${flat(plan.objective)}`,
    '',
    markdownTable(['run', 'outcome', 'why'], rows),
  ].join('\n');
}

/** A text that fits the cell of a Markdown table. */
export function flat(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[|`$]/g, '/').slice(0, 300);
}
