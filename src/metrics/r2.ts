import { LANES } from '../statistics/block-bootstrap.js';
import type { Metric } from './metric.js';

/** Labels whose deviations are no more than rounding have no variance to explain. */
const ROUNDING = 1e-12;

/**
 * R²: the share of the labels' variance that the model explains. 1 is perfect, 0 is what their mean would do, and worse
 * models have no lower bound. The mean and the variance are those of the resampled rows. Not defined (NaN) for labels that
 * are all equal.
 */
export const r2: Metric = {
  name: 'r2',
  prepare({ labels, scores }, blocks) {
    const [rows, errors, sums, squares] = [0, 0, 0, 0].map(() => new Float64Array(blocks.count)) as Sums;
    // Around a middle near all of them: squares of what is far from zero would lose the digits that matter.
    const middle = mean(labels);
    blocks.of.forEach((block, row) => {
      const label = (labels[row] as number) - middle;
      rows[block] = (rows[block] as number) + 1;
      errors[block] = (errors[block] as number) + ((scores[row] as number) - (labels[row] as number)) ** 2;
      sums[block] = (sums[block] as number) + label;
      squares[block] = (squares[block] as number) + label ** 2;
    });
    return { replicate: (counts, out, at) => explained([rows, errors, sums, squares], counts, out, at) };
  },
};

/** Of each block: rows, squared errors, labels, squared labels. */
type Sums = [rows: Float64Array, errors: Float64Array, sums: Float64Array, squares: Float64Array];

function explained([rows, errors, sums, squares]: Sums, counts: Float64Array, out: Float64Array, at: number): void {
  for (let lane = 0; lane < LANES; lane++) {
    let [count, error, sum, square] = [0, 0, 0, 0];
    for (let block = 0, place = lane; block < rows.length; block++, place += LANES) {
      const drawn = counts[place] as number;
      count += drawn * (rows[block] as number);
      error += drawn * (errors[block] as number);
      sum += drawn * (sums[block] as number);
      square += drawn * (squares[block] as number);
    }
    const variance = square - (sum * sum) / count;
    out[at + lane] = variance > ROUNDING * square ? 1 - error / variance : Number.NaN;
  }
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] as number;
  return sum / values.length;
}
