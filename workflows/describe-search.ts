import { moneyText } from '../src/domain/cost.js';
import { bestText, shownValue, trialsOf, type SearchState } from '../src/domain/search.js';
import { flat } from './describe-loop.js';
import { markdownTable } from './markdown-table.js';

/** The search's current details in the Temporal UI: how far it is, what is best, and what was pruned. */
export function describeSearch(state: SearchState): string {
  const { model, run, plan, trials, counts, best, curve, seconds, money, about, stopped } = state;
  const rows = [
    ['done', `\`${trialsOf(counts)}\` of \`${trials}\` trials: ${countsText(state, '`')}`],
    ['best so far', best ? `${plan.metric} \`${shownValue(best.value)}\` in trial \`${best.number}\`` : 'none yet'],
    ...Object.entries(best?.parameters ?? {}).map(([name, value]) => [flat(name), `\`${flat(String(value))}\``]),
    ...(curve.length > 1 ? [['curve', curveText(curve)]] : []),
    ['time of all trials', `\`${Math.round(seconds)} s\``],
    ...(money > 0 ? [['cost', `\`${[moneyText(money), plan.currency].filter(Boolean).join(' ')}\``]] : []),
    ...(stopped === undefined ? [] : [['ended', flat(stopped)]]),
  ];
  return [
    `Hyperparameters of **${model}**, run \`${run}\`${about === undefined ? '' : `: ${flat(about)}`}.`,
    '',
    markdownTable(['', ''], rows),
  ].join('\n');
}

/** The best values one after the other, and the same as a picture. */
function curveText(curve: SearchState['curve']): string {
  const values = curve.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const bars = values
    .map((value) => BARS[Math.round(((value - low) / (high - low || 1)) * (BARS.length - 1))])
    .join('');
  const steps = curve.slice(-TOLD_STEPS).map(({ number, value }) => `\`${shownValue(value)}\` (trial \`${number}\`)`);
  return `\`${bars}\` ${curve.length > TOLD_STEPS ? '... ' : ''}${steps.join(', ')}`;
}

const BARS = '▁▂▃▄▅▆▇█';
const TOLD_STEPS = 5;

/** What came out, in one sentence. */
export function searchSummary(state: SearchState): string {
  const { plan, counts, best, stopped } = state;
  const found = best ? `Best ${bestText(plan, best)} of ${trialsOf(counts)}` : `${trialsOf(counts)} trials`;
  const ended = stopped === undefined ? '' : `; it ended before all ${state.trials}, ${stopped}`;
  return `${found} (${countsText(state)})${ended}`;
}

function countsText({ counts }: SearchState, mark = ''): string {
  const { complete, pruned, failed } = counts;
  const words = [
    `${mark}${complete}${mark} complete`,
    ...(pruned > 0 ? [`${mark}${pruned}${mark} pruned`] : []),
    ...(failed > 0 ? [`${mark}${failed}${mark} failed`] : []),
  ];
  return words.join(', ');
}
