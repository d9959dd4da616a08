import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '../../../src/statistics/normal.js';
import { golden } from '../../golden/golden.js';

const { cdf, quantile } = golden('normal.json');

describe('normalCdf', () => {
  it.each(cdf)('at %s is what SciPy says', (z, share) => {
    expect(Math.abs(normalCdf(z) / share - 1)).toBeLessThan(1e-12);
  });

  it('is NaN for NaN', () => {
    expect(normalCdf(Number.NaN)).toBeNaN();
  });
});

describe('normalQuantile', () => {
  it.each(quantile)('of %s is what SciPy says', (share, z) => {
    expect(Math.abs(normalQuantile(share) - z)).toBeLessThan(1e-12 * Math.max(1, Math.abs(z)));
  });

  it.each([0, 1, -1, Number.NaN])('refuses %s', (share) => {
    expect(() => normalQuantile(share)).toThrow(RangeError);
  });
});
