import { blockMean } from '../statistics/block-mean.js';
import type { Metric } from './metric.js';

/** The Brier score: the mean squared distance of probability and label. 0 is perfect, lower is better. */
export const brier: Metric = {
  name: 'brier',
  prepare({ labels, scores }, blocks) {
    return blockMean(blocks, (row) => {
      const distance = (scores[row] as number) - (labels[row] as number);
      return distance * distance;
    });
  },
};
