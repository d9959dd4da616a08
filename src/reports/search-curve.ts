import { isBetter, type Direction, type Trial } from '../domain/search.js';

/** A complete trial with the best value up to it. */
export interface CurvePoint {
  readonly number: number;
  readonly value: number;
  readonly best: number;
}

/** How the best value went, trial by trial; pruned and failed ones are no part of it. */
export function searchCurve(trials: readonly Trial[], direction: Direction): CurvePoint[] {
  const points: CurvePoint[] = [];
  for (const { state, number, value } of trials) {
    if (state !== 'complete' || value === undefined) continue;
    const before = points.at(-1)?.best;
    points.push({ number, value, best: before === undefined || isBetter(value, before, direction) ? value : before });
  }
  return points;
}

/** The trials that were better than all before them. */
export function improvements(trials: readonly Trial[], direction: Direction): Trial[] {
  const best = new Map(searchCurve(trials, direction).map((point) => [point.number, point.best]));
  let before: number | undefined;
  return trials.filter(({ number, value }) => {
    const now = best.get(number);
    const isNew = now !== undefined && now === value && now !== before;
    if (now !== undefined) before = now;
    return isNew;
  });
}

/** The middle values, within which the picture is drawn: a few hopeless trials must not flatten the rest of it. */
export function shownRange(points: readonly CurvePoint[], direction: Direction): readonly [low: number, high: number] {
  const values = points.map(({ value }) => value).toSorted((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0;
  const [low, high] = direction === 'minimize' ? [at(0), at(SHOWN)] : [at(1 - SHOWN), at(1)];
  const around = Math.abs(low) * 0.1 || 0.5;
  return low < high ? [low, high] : [low - around, high + around];
}

/** The share of values that is drawn in its place; the others stand at the edge. */
const SHOWN = 0.9;
