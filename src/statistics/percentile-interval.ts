import { normalCdf, normalQuantile } from './normal.js';
import { quantile } from './quantile.js';

/** An interval from resamples that leaves out more than this share of them, undefined ones, would be too narrow. */
const MOST_UNDEFINED = 0.01;

/**
 * An interval of a block bootstrap: the middle share of the replicates, as much as `confidence` and a little more when
 * blocks are few (see {@link tailShare}).
 *
 * Percentiles rather than a normal or a bias-corrected interval: they stay within the metric's range, turn over with
 * its direction, are zero wide for two models that answer the same, and need no second resampling over single blocks.
 *
 * @param blocks how many blocks each resample drew
 * @returns undefined when the statistic was undefined (NaN) in more than 1 % of the resamples
 */
export function percentileInterval(
  replicates: Float64Array,
  confidence: number,
  blocks: number,
): { low: number; high: number } | undefined {
  const sorted = replicates.filter((value) => !Number.isNaN(value)).toSorted();
  if (sorted.length === 0 || replicates.length - sorted.length > MOST_UNDEFINED * replicates.length) return undefined;
  const tail = tailShare(confidence, blocks);
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

/**
 * The share to leave out at each end. Plain percentiles are too narrow for few blocks: as if the normal distribution
 * stood for Student's, and n for n - 1. Hesterberg's expanded percentiles ("What teachers should know about the
 * bootstrap", 2015) widen them by both: 0.0250 at each end become 0.0188 for 30 blocks, 0.0249 for 1,560.
 */
export function tailShare(confidence: number, blocks: number): number {
  const z = normalQuantile((1 - confidence) / 2);
  if (blocks < 2) return 0;
  return normalCdf(Math.sqrt(blocks / (blocks - 1)) * studentQuantile(z, blocks - 1));
}

/** Student's quantile from the normal one: the expansion of Fisher and Cornish. To 0.001 from 10 degrees on. */
function studentQuantile(z: number, degrees: number): number {
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / degrees + second / degrees ** 2 + third / degrees ** 3;
}
