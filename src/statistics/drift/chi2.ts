import { chiSquareTail } from '../gamma-tail.js';
import { total } from '../histogram.js';
import type { Shift, TwoCounts } from './shift.js';

/**
 * Pearson's chi-square test of a table with the two sides as rows and the categories as columns. Both sides are samples:
 * to take the reference for exact, as some tools do, gives false alarms every other time.
 *
 * The size is Cramer's V of the table with both sides at the same weight, 0 to 1: V of the table itself goes to 0 when one
 * side has many more rows than the other, whatever the shift.
 */
export function chi2(counts: TwoCounts): Shift {
  const [n, m] = [total(counts.reference), total(counts.current)];
  let [statistic, balanced, categories] = [0, 0, 0];
  for (const [index, reference] of counts.reference.entries()) {
    const current = counts.current[index] ?? 0;
    if (reference + current === 0) continue;
    categories += 1;
    const expected = ((reference + current) * n) / (n + m);
    const expectedCurrent = ((reference + current) * m) / (n + m);
    statistic += (reference - expected) ** 2 / expected + (current - expectedCurrent) ** 2 / expectedCurrent;
    const [p, q] = [reference / n, current / m];
    balanced += (p - q) ** 2 / (2 * (p + q));
  }
  return { effect: Math.sqrt(balanced), pValue: categories < 2 ? 1 : chiSquareTail(statistic, categories - 1) };
}
