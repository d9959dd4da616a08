import type { NumberProfile } from '../../domain/profile.js';
import { gammaTail } from '../gamma-tail.js';
import { countBelow } from '../histogram.js';
import type { Shift } from './shift.js';

/**
 * How far the values have moved, in deviations of the reference: the Wasserstein distance (the area between the two
 * cumulative shares) divided by the reference's deviation. Within a bin values are taken to be spread evenly; the distance
 * is at least that of the means, which are known exactly. When all values of the reference are the same, the unit is their
 * size, or 1 for zero.
 *
 * The p-value compares the area with that under the absolute value of a Brownian bridge, whose mean and variance are
 * sums over the bins; between them its distribution is taken for a gamma distribution, whose tail is the heavier one.
 */
export function wasserstein(reference: NumberProfile, current: NumberProfile): Shift {
  const pieces = piecesOf(reference, current);
  const apart = Math.abs((reference.mean ?? 0) - (current.mean ?? 0));
  const distance = Math.max(
    apart,
    pieces.reduce((sum, { width, from, to }) => sum + width * meanSize(from, to), 0),
  );
  const unit = reference.deviation || Math.abs(reference.mean ?? 0) || 1;
  return { effect: distance / unit, pValue: pValue(distance, pieces, 1 / reference.count + 1 / current.count) };
}

/** A stretch in which both cumulative shares are linear. */
interface Piece {
  readonly width: number;
  /** The current's cumulative share less the reference's, at both ends. */
  readonly from: number;
  readonly to: number;
  /** Cumulative share of all rows, in the middle. */
  readonly share: number;
}

function piecesOf(reference: NumberProfile, current: NumberProfile): Piece[] {
  const sides = [reference, current];
  const ends = sides.flatMap(({ min, max, histogram }) => [min ?? 0, max ?? 0, ...(histogram?.edges ?? [])]);
  const [low, high] = [Math.min(reference.min ?? 0, current.min ?? 0), Math.max(reference.max ?? 0, current.max ?? 0)];
  const points = [...new Set(ends)].filter((x) => x >= low && x <= high).toSorted((a, b) => a - b);
  const all = reference.count + current.count;
  // Just above the last point everything is below, a single value included.
  const at = points.map((x, index) =>
    sides.map((side) => (index === points.length - 1 ? side.count : countBelow(side, x))),
  );
  return points.slice(1).map((x, index) => {
    const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = [at[index], at[index + 1]];
    // A side of one value jumps there.
    const [jumpA, jumpB] = sides.map((side) => (side.min === side.max && side.min === points[index] ? side.count : 0));
    const [from, fromB] = [a + (jumpA ?? 0), b + (jumpB ?? 0)];
    return {
      width: x - (points[index] as number),
      from: fromB / current.count - from / reference.count,
      to: d / current.count - c / reference.count,
      share: (from + fromB + c + d) / (2 * all),
    };
  });
}

/** Mean of the absolute value of a line from `from` to `to`. */
function meanSize(from: number, to: number): number {
  if (from * to >= 0) return Math.abs(from + to) / 2;
  return (from * from + to * to) / (2 * Math.abs(to - from));
}

function pValue(distance: number, pieces: readonly Piece[], inverseRows: number): number {
  const inner = pieces.filter(({ share, width }) => share > 0 && share < 1 && width > 0);
  const sizes = inner.map(({ share, width }) => width * Math.sqrt((2 / Math.PI) * share * (1 - share)));
  const mean = sizes.reduce((sum, size) => sum + size, 0) * Math.sqrt(inverseRows);
  let variance = 0;
  for (const [i, x] of inner.entries()) {
    for (const [j, y] of inner.entries()) {
      const [low, high] = x.share < y.share ? [x.share, y.share] : [y.share, x.share];
      const correlation = Math.min(1, Math.sqrt((low * (1 - high)) / (high * (1 - low))));
      // E|XY| / (E|X| E|Y|) of two normal variables.
      const ratio = Math.sqrt(1 - correlation * correlation) + correlation * Math.asin(correlation);
      variance += (sizes[i] as number) * (sizes[j] as number) * (ratio - 1);
    }
  }
  variance *= inverseRows;
  if (mean === 0 || variance === 0) return distance > 0 ? 0 : 1;
  return gammaTail((mean * mean) / variance, (distance * mean) / variance);
}
