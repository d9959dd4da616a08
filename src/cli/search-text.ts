import { moneyText } from '../domain/cost.js';
import { shownValue, type ParameterValue, type Trial } from '../domain/search.js';
import { improvements } from '../reports/search-curve.js';
import { searchPlot } from '../reports/search-plot.js';
import type { SearchReport } from '../searches.js';
import type { CommandContext } from './command.js';
import { table } from './table.js';

type Screen = Pick<CommandContext, 'isTty' | 'width' | 'colours'>;

/** Trials that made the best better, at most so many, newest last. */
const SHOWN_BEST = 10;
const SHOWN_REASONS = 5;

/** A search as people read it. */
export function searchText(screen: Screen, report: SearchReport): string {
  const { model, run, search, trials, best, seconds, study, stopped, underWay } = report;
  const { metric, direction } = search;
  const done = study ? 'ended' : underWay ? 'under way' : 'no result';
  const lines = [
    `Search of ${model}, run ${run}: ${done}${stopped === undefined ? '' : `, ${stopped}`}`,
    '',
    `  sampler   ${search.sampler}, pruner ${search.pruner.kind}, seed ${search.seed}`,
    `  trials    ${trialsText(report)}`,
    `  time      ${Math.round(seconds)} s of all trials together`,
    ...costLines(report),
    ...(best ? [`  best      ${screen.colours.green(`${metric} ${valueOf(best)}`)} in trial ${best.number}`] : []),
    ...Object.entries(best?.parameters ?? {}).map(([name, value]) => `            ${name}: ${shown(value)}`),
    ...(study ? [`  points    ${study.points.key}`] : []),
  ];
  const plot = searchPlot(trials, direction, screen.isTty ? screen.width : 80);
  if (plot.length > 0) lines.push('', `${metric}, ${direction === 'minimize' ? 'lower' : 'higher'} is better`, ...plot);
  const steps = improvements(trials, direction);
  if (steps.length > 0) lines.push('', bestTable(screen, metric, steps.slice(-SHOWN_BEST)));
  const pruned = trials.filter(({ state }) => state === 'pruned');
  if (pruned.length > 0) lines.push('', `Pruned: ${prunedText(pruned)}`);
  lines.push(...failedLines(trials.filter(({ state }) => state === 'failed')));
  return lines.join('\n');
}

/** `7 of 40: 5 complete, 2 pruned, 0 failed; 3 of them in chunks under way`. */
function trialsText({ trials, counts, underWay }: SearchReport): string {
  const { complete, pruned, failed } = counts;
  const of = underWay ? `${trials.length} of ${underWay.planned}` : `${trials.length}`;
  const noted = underWay && underWay.noted > 0 ? `; ${underWay.noted} of them in chunks under way` : '';
  return `${of}: ${complete} complete, ${pruned} pruned, ${failed} failed${noted}`;
}

/** As the cost of a run is shown; without rates there is none. */
function costLines({ money, currency }: SearchReport): string[] {
  return money > 0 ? [`  cost      ${[moneyText(money), currency].filter(Boolean).join(' ')}`] : [];
}

function bestTable(screen: Screen, metric: string, trials: readonly Trial[]): string {
  const names = [...new Set(trials.flatMap(({ parameters }) => Object.keys(parameters)))];
  return table(screen, {
    head: ['BEST SO FAR', metric.toUpperCase(), ...names],
    rows: trials.map((trial) => [
      `trial ${trial.number}`,
      valueOf(trial),
      ...names.map((name) => shown(trial.parameters[name])),
    ]),
    mayCut: names,
  });
}

/** `12 at step 9, 3 at step 27`. */
function prunedText(trials: readonly Trial[]): string {
  const steps = new Map<number, number>();
  for (const { points = [] } of trials) {
    const step = points.at(-1)?.[0] ?? 0;
    steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  return [...steps]
    .toSorted(([a], [b]) => a - b)
    .map(([step, count]) => `${count} at step ${step}`)
    .join(', ');
}

function failedLines(trials: readonly Trial[]): string[] {
  if (trials.length === 0) return [];
  const reasons = new Map<string, number>();
  for (const { reason = 'it gave no reason' } of trials) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const most = [...reasons].toSorted(([, a], [, b]) => b - a);
  return [
    '',
    `Failed: ${trials.length}`,
    ...most.slice(0, SHOWN_REASONS).map(([reason, count]) => `  ${count} × ${reason}`),
    ...(most.length > SHOWN_REASONS ? [`  and ${most.length - SHOWN_REASONS} other reasons (--json has all)`] : []),
  ];
}

function valueOf({ value }: Trial): string {
  return value === undefined ? '-' : shownValue(value);
}

function shown(value: ParameterValue | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'number' ? shownValue(value) : String(value);
}
