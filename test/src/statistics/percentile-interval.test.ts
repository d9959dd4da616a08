import { describe, expect, it } from 'vitest';
import { percentileInterval, tailShare } from '../../../src/statistics/percentile-interval.js';
import { golden } from '../../golden/golden.js';

describe('tailShare', () => {
  it.each(golden('normal.json').tailShare)(
    'for confidence %s and %s blocks is what SciPy says',
    (confidence, n, share) => {
      expect(Math.abs(tailShare(confidence, n) / share - 1)).toBeLessThan(0.005);
    },
  );

  it('grows with the number of blocks to the plain share, and is 0 for one block', () => {
    const shares = [1, 2, 3, 5, 10, 30, 100, 1000, 1e6].map((blocks) => tailShare(0.95, blocks));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares[0]).toBe(0);
    expect(shares.at(-1)).toBeCloseTo(0.025, 6);
  });
});

describe('percentileInterval', () => {
  const thousand = Float64Array.from({ length: 999 }, (_, index) => ((index * 8) % 999) + 1);

  it('is the middle share of the replicates when blocks are many', () => {
    const interval = percentileInterval(thousand, 0.9, 1e9);
    expect(interval?.low).toBeCloseTo(50, 4);
    expect(interval?.high).toBeCloseTo(950, 4);
  });

  it('is wider when blocks are few', () => {
    const interval = percentileInterval(thousand, 0.9, 10);
    expect(interval?.low).toBeLessThan(35);
    expect(interval?.high).toBeGreaterThan(965);
  });

  it('leaves the replicates as they are', () => {
    const replicates = Float64Array.of(3, 1, 2);
    percentileInterval(replicates, 0.95, 30);
    expect([...replicates]).toEqual([3, 1, 2]);
  });

  it('leaves out undefined replicates when they are at most 1 %, and is undefined beyond that', () => {
    expect(percentileInterval(thousand.with(500, Number.NaN), 0.9, 100)).toBeDefined();
    const many = thousand.map((value, index) => (index % 50 === 0 ? Number.NaN : value));
    expect(percentileInterval(many, 0.9, 100)).toBeUndefined();
    expect(percentileInterval(Float64Array.of(Number.NaN), 0.9, 100)).toBeUndefined();
    expect(percentileInterval(new Float64Array(0), 0.9, 100)).toBeUndefined();
  });
});
