import { Random } from './random.js';

/** Blocks of rows: row `i` belongs to block `of[i]`, a whole number from 0 to `count - 1`. */
export interface Blocks {
  readonly of: Int32Array;
  readonly count: number;
}

/**
 * Joins blocks at random into at most `limit` groups of the same number of blocks (within one). Blocks are taken as
 * independent of each other, so groups of them are too, and an interval from the groups is as valid; with 16,384 groups
 * its width is known to 0.6 %, far within the noise of a thousand resamples (2 to 4 %), at a fraction of the time.
 */
export function joinBlocks(blocks: Blocks, limit: number, seed: number): Blocks {
  if (blocks.count <= limit) return blocks;
  const random = new Random(seed);
  const group = new Int32Array(blocks.count).map((_, block) => block % limit);
  for (let left = blocks.count; left > 1; left--) {
    const chosen = random.below(left);
    const kept = group[left - 1] as number;
    group[left - 1] = group[chosen] as number;
    group[chosen] = kept;
  }
  return { of: blocks.of.map((block) => group[block] as number), count: limit };
}
