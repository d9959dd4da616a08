import { blockMean } from '../statistics/block-mean.js';
import type { Metric } from './metric.js';

/**
 * Probabilities are moved this far away from 0 and 1, so that one certain and wrong answer costs 36 and not infinity.
 * The machine epsilon of float64, as scikit-learn does for float64 probabilities.
 */
const LOG_LOSS_CLIP = Number.EPSILON;

/** The log loss: the mean of minus the natural logarithm of the label's probability. 0 is perfect, lower is better. */
export const logLoss: Metric = {
  name: 'logLoss',
  prepare({ labels, scores }, blocks) {
    return blockMean(blocks, (row) => {
      const score = scores[row] as number;
      const clipped = Math.min(Math.max(score, LOG_LOSS_CLIP), 1 - LOG_LOSS_CLIP);
      return -Math.log(labels[row] === 1 ? clipped : 1 - clipped);
    });
  },
};
