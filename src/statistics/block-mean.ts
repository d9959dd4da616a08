import { LANES, type BlockStatistic } from './block-bootstrap.js';
import type { Blocks } from './join-blocks.js';

/**
 * The mean of a value that each row has by itself. A resample needs only each block's sum and number of rows.
 *
 * @param value the value of row `row`
 */
export function blockMean(blocks: Blocks, value: (row: number) => number): BlockStatistic {
  const sums = new Float64Array(blocks.count);
  const rows = new Float64Array(blocks.count);
  blocks.of.forEach((block, row) => {
    sums[block] = (sums[block] as number) + value(row);
    rows[block] = (rows[block] as number) + 1;
  });
  return { replicate: (counts, out, at) => ratios(sums, rows, counts, out, at) };
}

/** A plain function, because the engine optimises closures for the first model only. */
function ratios(sums: Float64Array, rows: Float64Array, counts: Float64Array, out: Float64Array, at: number): void {
  for (let lane = 0; lane < LANES; lane++) {
    let sum = 0;
    let total = 0;
    for (let block = 0, place = lane; block < sums.length; block++, place += LANES) {
      const count = counts[place] as number;
      sum += count * (sums[block] as number);
      total += count * (rows[block] as number);
    }
    out[at + lane] = sum / total;
  }
}
