import { describe, expect, it } from 'vitest';
import { chiSquareTail, gammaTail } from '../../../src/statistics/gamma-tail.js';
import { golden } from '../../golden/golden.js';

describe('gammaTail', () => {
  it.each(golden('drift.json').gamma)('of shape %s at %s is what SciPy says', (shape, x, share) => {
    expect(Math.abs(gammaTail(shape, x) - share)).toBeLessThanOrEqual(1e-10 * share);
  });

  it('is 1 at zero, 0 at infinity and NaN for NaN', () => {
    expect(gammaTail(2, 0)).toBe(1);
    expect(gammaTail(2, Infinity)).toBe(0);
    expect(gammaTail(2, Number.NaN)).toBeNaN();
  });
});

describe('chiSquareTail', () => {
  it('is that of a normal variable squared for one degree of freedom', () => {
    expect(chiSquareTail(1.959963984540054 ** 2, 1)).toBeCloseTo(0.05, 12);
  });
});
