import { describe, expect, it } from 'vitest';
import { quantile } from '../../../src/statistics/quantile.js';
import { golden } from '../../golden/golden.js';

const { values, quantilesOfValues } = golden('normal.json');

describe('quantile', () => {
  it.each(quantilesOfValues)('at %s is what NumPy says', (share, value) => {
    expect(quantile(Float64Array.from(values).toSorted(), share)).toBeCloseTo(value, 14);
  });

  it('of one value is that value', () => {
    expect([0, 0.3, 1].map((share) => quantile([5], share))).toEqual([5, 5, 5]);
  });

  it('refuses an empty list and a share outside 0 to 1', () => {
    expect(() => quantile([], 0.5)).toThrow('there are no values');
    expect(() => quantile([1], 1.5)).toThrow('want a share from 0 to 1');
    expect(() => quantile([1], Number.NaN)).toThrow('want a share from 0 to 1');
  });
});
