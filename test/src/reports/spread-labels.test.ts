import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spreadLabels } from '../../../src/reports/spread-labels.js';

test('labels, stay where they are when there is room', () => {
  expect(spreadLabels([3, 1, 2], 1)).toEqual([3, 1, 2]);
});

test('labels, move apart around the place they share', () => {
  expect(spreadLabels([5, 5, 5], 2)).toEqual([3, 5, 7]);
});

test('labels, keep their order and their distance whatever the values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 9 }),
      (values, gap) => {
        const moved = spreadLabels(values, gap);
        const pairs = values.map((value, index) => ({ value, at: moved[index] ?? NaN }));
        pairs.sort((a, b) => a.value - b.value || a.at - b.at);
        for (const [index, pair] of pairs.entries()) {
          const next = pairs[index + 1];
          if (next) expect(next.at - pair.at).toBeGreaterThanOrEqual(gap - 1e-9);
        }
      },
    ),
  );
});
