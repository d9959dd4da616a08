import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogramEdges } from '../../../src/statistics/histogram-edges.js';

const sorted = (values: Iterable<number>): Float64Array => Float64Array.from(values).toSorted();
const binOf = (edges: readonly number[], value: number): number => edges.filter((edge) => edge <= value).length;

describe('histogramEdges', () => {
  it('gives each of few values a bin of its own, also as FLOAT', () => {
    const prices = [0.1, 0.3, 0.7, 1, 1.1, 2.3, 1e6];
    const edges = histogramEdges(sorted([...prices, ...prices, 0.7, 0.7]));
    expect(prices.map((price) => binOf(edges, price))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(prices.map((price) => binOf(edges, Math.fround(price)))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(edges).toHaveLength(8);
  });

  it('makes bins of equal counts of a skewed column, finer ones in the tails', () => {
    const values = sorted(Array.from({ length: 10_000 }, (_, index) => Math.exp(index / 500)));
    const edges = histogramEdges(values);
    const counts = edges.slice(1).map((edge, index) => {
      const from = edges[index] as number;
      return values.filter((value) => value >= from && value < edge).length;
    });
    expect(edges).toHaveLength(57);
    expect(counts.slice(4, -4)).toEqual(Array.from({ length: 48 }, () => 200));
    expect(counts.slice(0, 4)).toEqual([10, 40, 50, 100]);
    expect(counts.slice(-4)).toEqual([100, 50, 40, 10]);
  });

  it('keeps zeros, as many as there may be, apart from what lies beside them', () => {
    const values = sorted([
      ...Array.from({ length: 3000 }, (_, index) => -1 - index),
      ...Array.from({ length: 6000 }, () => 0),
      ...Array.from({ length: 1000 }, (_, index) => 1 + index),
    ]);
    const edges = histogramEdges(values);
    expect(binOf(edges, -1)).toBe(binOf(edges, 0) - 1);
    expect(binOf(edges, 1)).toBe(binOf(edges, 0) + 1);
  });

  it('tells below, at and above of a constant apart', () => {
    for (const constant of [0, 5, -1e9, 1e300]) {
      const edges = histogramEdges([constant, constant, constant]);
      expect(binOf(edges, constant)).toBe(1);
      expect(binOf(edges, constant - Math.max(1, Math.abs(constant)))).toBe(0);
    }
  });

  it('has no edges for no values', () => {
    expect(histogramEdges([])).toEqual([]);
  });

  it('ascends, is finite, holds all values between its ends, and has at most 110', () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(values, (some) => {
        const edges = histogramEdges(sorted(some));
        expect(
          edges.every((edge, index) => Number.isFinite(edge) && (index === 0 || edge > (edges[index - 1] ?? 0))),
        ).toBe(true);
        expect(Math.min(...some)).toBeGreaterThanOrEqual(edges[0] ?? Number.NaN);
        expect(Math.max(...some)).toBeLessThanOrEqual(edges.at(-1) ?? Number.NaN);
        expect(edges.length).toBeLessThanOrEqual(110);
      }),
      { numRuns: 300 },
    );
  });
});
