import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortOrder } from '../../../src/statistics/sort-order.js';

describe('sortOrder', () => {
  it('sorts any finite numbers as a stable comparator does', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, -0, 0.5, 1, -1, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE),
    );
    fc.assert(
      fc.property(fc.array(number, { maxLength: 200 }), (values) => {
        const wanted = [...values.keys()].toSorted((a, b) => (values[a] as number) - (values[b] as number) || a - b);
        expect([...sortOrder(Float64Array.from(values))]).toEqual(wanted);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
