import type { Direction, Pruner, Trial } from '../domain/search.js';

/** What a trial that is under way has shown so far: the metric at steps, in their order. */
export type Points = readonly (readonly [step: number, value: number])[];

/** Decides whether a trial goes on, each time that it has told a value. */
export interface PrunerRule {
  /** @param others the trials that have ended, as far as they are known */
  stops(points: Points, others: readonly Trial[]): boolean;
}

/** One rule to one kind; each decides as Optuna's pruner of that name does. */
export function prunerRule(pruner: Pruner, direction: Direction): PrunerRule | undefined {
  switch (pruner.kind) {
    case 'none':
      return undefined;
    case 'halving':
      return { stops: (points, others) => stopsByHalving(pruner, direction, points, others) };
    case 'median':
      return { stops: (points, others) => stopsByMedian(pruner, direction, points, others) };
  }
}

/**
 * Asynchronous successive halving (Li et al. 2018): rung k is at `first * factor^k` steps, and one in `factor` of the
 * trials that have come to a rung goes on from it. The first ones go on when they are the best so far.
 */
function stopsByHalving(
  { first, factor }: Extract<Pruner, { kind: 'halving' }>,
  direction: Direction,
  points: Points,
  others: readonly Trial[],
): boolean {
  const before = rungsOf(points.slice(0, -1), first, factor);
  const now = rungsOf(points, first, factor);
  for (const [rung, value] of now.slice(before.length).entries()) {
    const place = before.length + rung;
    const rivals = others.flatMap(({ points = [] }) => rungsOf(points, first, factor)[place] ?? []);
    const sorted = [...rivals, value].toSorted((a, b) => (direction === 'minimize' ? a - b : b - a));
    const last = sorted[Math.max(0, Math.floor(sorted.length / factor) - 1)] ?? value;
    if (direction === 'minimize' ? value > last : value < last) return true;
  }
  return false;
}

/** The value at each rung that was reached: the first one told at or after its step. */
export function rungsOf(points: Points, first: number, factor: number): number[] {
  const values: number[] = [];
  for (const [step, value] of points) while (step >= first * factor ** values.length) values.push(value);
  return values;
}

/** The median rule (Golovin et al. 2017): the best so far against the median of the complete trials at the same step. */
function stopsByMedian(
  { warmup, after }: Extract<Pruner, { kind: 'median' }>,
  direction: Direction,
  points: Points,
  others: readonly Trial[],
): boolean {
  const complete = others.filter(({ state }) => state === 'complete');
  const [step] = points.at(-1) ?? [];
  if (step === undefined || step < warmup || complete.length < after) return false;
  const rivals = complete.flatMap(({ points = [] }) => points.find(([each]) => each === step)?.[1] ?? []);
  if (rivals.length === 0) return false;
  const values = points.map(([, value]) => value);
  const best = direction === 'minimize' ? Math.min(...values) : Math.max(...values);
  const middle = median(rivals);
  return direction === 'minimize' ? best > middle : best < middle;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (place: number) => sorted[place] ?? 0;
  return (at(Math.floor((sorted.length - 1) / 2)) + at(Math.ceil((sorted.length - 1) / 2))) / 2;
}
