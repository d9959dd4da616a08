import type { Histogram, NumberProfile } from '../domain/profile.js';

/** What of a column's numbers says where its values lie. */
export type Spread = Pick<NumberProfile, 'min' | 'max' | 'histogram'>;

/**
 * The value below which a share of the values lies, from the histogram: right within its bin, where values are taken to
 * be spread evenly. Undefined without a histogram or without values.
 *
 * @param share from 0 to 1
 */
export function quantileOf(numbers: Spread, share: number): number | undefined {
  const { histogram, min, max } = numbers;
  if (!histogram || min === undefined || max === undefined) return undefined;
  const wanted = share * total(histogram.counts);
  let below = 0;
  for (const [bin, count] of histogram.counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const [from, to] = boundsOf(histogram.edges, bin, min, max);
      return from + (to - from) * Math.max(0, (wanted - below) / count);
    }
    below += count;
  }
  return max;
}

/** How many values are below `x`: exact at an edge, linear between two. */
export function countBelow(numbers: Spread, x: number): number {
  const { histogram, min, max } = numbers;
  if (!histogram || min === undefined || max === undefined || x <= min) return 0;
  if (x > max) return total(histogram.counts);
  let below = 0;
  for (const [bin, count] of histogram.counts.entries()) {
    const [from, to] = boundsOf(histogram.edges, bin, min, max);
    if (x >= to && bin < histogram.edges.length) {
      below += count;
      continue;
    }
    return x <= from ? below : below + (count * (x - from)) / (to - from);
  }
  return below;
}

/**
 * The counts of a histogram between other edges, whole and with the same sum. Exact where an edge is one of its own, by
 * linear interpolation elsewhere.
 */
export function rebinned(numbers: Spread, edges: readonly number[]): Histogram | undefined {
  const { histogram } = numbers;
  if (!histogram || sameEdges(histogram.edges, edges)) return histogram;
  const all = total(histogram.counts);
  let before = 0;
  const counts = [...edges, Infinity].map((edge) => {
    // Rounding the sums and not the counts keeps the sum.
    const upTo = edge === Infinity ? all : Math.round(countBelow(numbers, edge));
    const count = upTo - before;
    before = upTo;
    return count;
  });
  return { edges, counts };
}

export function sameEdges(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((edge, index) => edge === b[index]));
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A bin's bounds, no wider than the values reach. */
function boundsOf(edges: readonly number[], bin: number, min: number, max: number): [number, number] {
  const from = Math.max(min, bin === 0 ? min : (edges[bin - 1] as number));
  const to = Math.min(max, bin === edges.length ? max : (edges[bin] as number));
  return [Math.min(from, max), Math.max(to, Math.min(from, max))];
}
