import type { NumberProfile } from '../domain/profile.js';

/** What the counts between the bounds of {@link profileBins} tell. */
export type Counted = Pick<NumberProfile, 'zeros' | 'negatives' | 'histogram'>;

/**
 * The bounds at which values are counted: the edges of the histogram, and both sides of zero, so that zeros and negative
 * values need no aggregates of their own.
 */
export function profileBins(edges: readonly number[]): {
  bounds: readonly number[];
  read(counts: readonly number[]): Counted;
} {
  const bounds = [...new Set([...edges, 0, Number.MIN_VALUE])].toSorted((a, b) => a - b);
  const zeroBin = bounds.indexOf(Number.MIN_VALUE);
  return {
    bounds,
    // DuckDB leaves the last bin out when nothing is in it.
    read: (counts) => ({
      zeros: counts[zeroBin] ?? 0,
      negatives: counts.slice(0, zeroBin).reduce((sum, count) => sum + count, 0),
      histogram: {
        edges,
        counts: Array.from({ length: edges.length + 1 }, (_, bin) => {
          const from = bin === 0 ? 0 : bounds.indexOf(edges[bin - 1] as number) + 1;
          const to = bin === edges.length ? bounds.length + 1 : bounds.indexOf(edges[bin] as number) + 1;
          return counts.slice(from, to).reduce((sum, count) => sum + count, 0);
        }),
      },
    }),
  };
}

/** The greatest number below an edge: DuckDB's bins end with a value, ours begin with one. */
export function upTo(edge: number): number {
  if (edge === 0) return -Number.MIN_VALUE;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, edge);
  bits.setBigInt64(0, bits.getBigInt64(0) + (edge > 0 ? -1n : 1n));
  return bits.getFloat64(0);
}

/** With an exponent: without one DuckDB reads a decimal number, which becomes a neighbour of the DOUBLE that was meant. */
export function exactDouble(value: number): string {
  return Number.isFinite(value) ? `(${value.toExponential()})` : `'${value}'::DOUBLE`;
}
