import { blockMean } from '../statistics/block-mean.js';
import type { Metric } from './metric.js';

/** The share of rows where the likelier class is the label. A probability of exactly 0.5 counts as false. */
export const accuracy: Metric = {
  name: 'accuracy',
  prepare({ labels, scores }, blocks) {
    return blockMean(blocks, (row) => ((scores[row] as number) > 0.5 === (labels[row] === 1) ? 1 : 0));
  },
};
