import { chiSquareTail } from '../gamma-tail.js';
import { total } from '../histogram.js';
import type { Shift, TwoCounts } from './shift.js';

/** Rows that are added to each bin of both sides: without them a bin that is empty on one side makes the index infinite. */
const SMOOTHING = 0.5;

/**
 * The population stability index, the sum over bins of (q - p) ln(q / p), with half a row added to every bin.
 *
 * Two samples of the same rows have an index too, of about (1/n + 1/m) times a chi-square variable with one degree of
 * freedom less than there are bins: the p-value (B. Yurdakul and J. Naranjo, "Statistical properties of the population
 * stability index", Journal of Risk Model Validation, 2020). Bins that are empty on both sides do not count.
 */
export function psi(counts: TwoCounts): Shift {
  const bins = counts.reference.flatMap((reference, bin) => {
    const current = counts.current[bin] ?? 0;
    return reference + current > 0 ? [{ p: reference + SMOOTHING, q: current + SMOOTHING }] : [];
  });
  const [n, m] = [total(bins.map(({ p }) => p)), total(bins.map(({ q }) => q))];
  const effect = bins.reduce((sum, { p, q }) => sum + (q / m - p / n) * Math.log(q / m / (p / n)), 0);
  return { effect, pValue: bins.length < 2 ? 1 : chiSquareTail(effect / (1 / n + 1 / m), bins.length - 1) };
}
