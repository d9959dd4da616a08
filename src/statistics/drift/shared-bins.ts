import type { NumberProfile } from '../../domain/profile.js';
import { rebinned, total } from '../histogram.js';
import type { TwoCounts } from './shift.js';

/** The two histograms over the reference's edges; undefined when either has none. Other edges are interpolated. */
export function sharedBins(reference: NumberProfile, current: NumberProfile): TwoCounts | undefined {
  const own = reference.histogram;
  const other = own && rebinned(current, own.edges);
  return own && other && { reference: own.counts, current: other.counts };
}

/** What rules of thumb for the population stability index were made for. */
const BINS = 10;

/**
 * Neighbouring bins joined until each has about a tenth of the reference's rows. A bin that has more stays alone, so that
 * what is below or above a constant is still told apart.
 */
export function coarse({ reference, current }: TwoCounts): TwoCounts {
  const wanted = total(reference) / BINS;
  const joined: { reference: number; current: number }[] = [];
  let open = false;
  for (const [bin, count] of reference.entries()) {
    const last = joined.at(-1);
    const other = current[bin] ?? 0;
    if (open && last && last.reference + count < 1.5 * wanted) {
      last.reference += count;
      last.current += other;
    } else joined.push({ reference: count, current: other });
    open = (joined.at(-1)?.reference ?? 0) < wanted;
  }
  const [tail, before] = [joined.at(-1), joined.at(-2)];
  if (tail && before && before.reference + tail.reference < 1.5 * wanted) {
    joined.pop();
    before.reference += tail.reference;
    before.current += tail.current;
  }
  return { reference: joined.map((bin) => bin.reference), current: joined.map((bin) => bin.current) };
}
