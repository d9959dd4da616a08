import { expect, test } from 'vitest';
import { count, dayAndMonth, mean, score } from '../../../src/demo/numbers.js';

test('numbers, are written for people', () => {
  expect([count(999), count(115_245), count(3_000_000)]).toEqual(['999', '115,245', '3,000,000']);
  expect(score(0.10612)).toBe('0.1061');
  expect(dayAndMonth('2001-02-05')).toBe('5 Feb');
  expect(mean([1, 2, 6])).toBe(3);
});
