import { chiSquareTail } from '../gamma-tail.js';
import { total } from '../histogram.js';
import type { Shift, TwoCounts } from './shift.js';

/**
 * The Jensen-Shannon distance: the square root of the divergence in bits, 0 to 1 (J. Lin, "Divergence measures based on the
 * Shannon entropy", 1991). The divergence between two samples of the same rows is, in nats, about (1/n + 1/m) / 8 times a
 * chi-square variable with one degree of freedom less than there are bins, which gives the p-value.
 */
export function js(counts: TwoCounts): Shift {
  const [n, m] = [total(counts.reference), total(counts.current)];
  let nats = 0;
  let bins = 0;
  for (const [bin, reference] of counts.reference.entries()) {
    const p = reference / n;
    const q = (counts.current[bin] ?? 0) / m;
    if (p + q === 0) continue;
    bins += 1;
    const middle = (p + q) / 2;
    if (p > 0) nats += (p / 2) * Math.log(p / middle);
    if (q > 0) nats += (q / 2) * Math.log(q / middle);
  }
  // Equal shares may give a little less than nothing.
  nats = Math.max(0, nats);
  return {
    effect: Math.sqrt(nats / Math.LN2),
    pValue: bins < 2 ? 1 : chiSquareTail((8 * nats) / (1 / n + 1 / m), bins - 1),
  };
}
