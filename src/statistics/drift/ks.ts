import { total } from '../histogram.js';
import type { Shift, TwoCounts } from './shift.js';

/**
 * The two-sample statistic of Kolmogorov and Smirnov: the greatest distance between the two cumulative shares, here at the
 * edges of the bins. That is never more than the exact one, and less by a bin's share at most, so the p-value (Kolmogorov's
 * limit with nm / (n + m) rows) errs to the side of no alarm.
 */
export function ks(counts: TwoCounts): Shift {
  const [n, m] = [total(counts.reference), total(counts.current)];
  let [below, belowCurrent, effect] = [0, 0, 0];
  for (const [bin, count] of counts.reference.entries()) {
    below += count;
    belowCurrent += counts.current[bin] ?? 0;
    effect = Math.max(effect, Math.abs(below / n - belowCurrent / m));
  }
  return { effect, pValue: kolmogorovTail(effect * Math.sqrt((n * m) / (n + m))) };
}

/** The chance that the greatest distance of a Brownian bridge from zero is above `x`: two series, each where it is short. */
function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  let sum = 0;
  if (x < 1) {
    for (let k = 1; k <= 20; k++) sum += Math.exp((-((2 * k - 1) ** 2) * Math.PI ** 2) / (8 * x * x));
    return Math.max(0, 1 - (Math.sqrt(2 * Math.PI) / x) * sum);
  }
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, 2 * sum);
}
