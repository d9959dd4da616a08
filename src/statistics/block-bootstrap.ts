import { Random } from './random.js';

/** Resamples are drawn and counted this many at a time, so that each pass over the rows serves all of them. */
export const LANES = 4;

/** A statistic of rows in blocks, prepared so that resamples of whole blocks cost little. */
export interface BlockStatistic {
  /**
   * Computes the statistic for {@link LANES} resamples.
   *
   * @param counts how often each block was drawn: block `b` of resample `r` at `b * LANES + r`
   * @param out takes the results at `at` to `at + LANES - 1`; NaN where the statistic is not defined
   */
  replicate(counts: Float64Array, out: Float64Array, at: number): void;
}

export interface BlockBootstrapOptions {
  /** Number of blocks, at least 1. */
  readonly blocks: number;
  /** Number of resamples, at least 1. */
  readonly resamples: number;
  /** The same seed gives the same replicates. */
  readonly seed: number;
}

/**
 * Draws as many blocks as there are, with replacement, again and again, and computes every statistic on each draw.
 * All statistics see the same draws, so differences between them are paired.
 *
 * @returns one array of replicates for each statistic, in the order of the draws
 */
export function blockBootstrap(
  statistics: readonly BlockStatistic[],
  { blocks, resamples, seed }: BlockBootstrapOptions,
): Float64Array[] {
  const random = new Random(seed);
  const counts = new Float64Array(blocks * LANES);
  const room = Math.ceil(resamples / LANES) * LANES;
  const replicates = statistics.map(() => new Float64Array(room));
  for (let at = 0; at < resamples; at += LANES) {
    drawBlocks(random, counts, blocks);
    statistics.forEach((statistic, index) => statistic.replicate(counts, replicates[index] as Float64Array, at));
  }
  return replicates.map((values) => values.subarray(0, resamples));
}

/** The statistic on the rows as they are: every block once. */
export function onAllBlocks(statistic: BlockStatistic, blocks: number): number {
  const out = new Float64Array(LANES);
  statistic.replicate(new Float64Array(blocks * LANES).fill(1), out, 0);
  return out[0] as number;
}

function drawBlocks(random: Random, counts: Float64Array, blocks: number): void {
  counts.fill(0);
  for (let lane = 0; lane < LANES; lane++) {
    for (let draw = 0; draw < blocks; draw++) {
      const place = random.below(blocks) * LANES + lane;
      counts[place] = (counts[place] as number) + 1;
    }
  }
}
