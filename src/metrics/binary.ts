import { accuracy } from './accuracy.js';
import { auc } from './auc.js';
import { brier } from './brier.js';
import { logLoss } from './log-loss.js';
import { isProbability, type TaskMeasures } from './task-measures.js';

/** True or false: a model gives the probability of true, the baseline the training rows' share. */
export const binary = {
  metrics: { auc, brier, logLoss, accuracy },
  width: 1,
  score: {
    is: isProbability,
    wanted: 'a probability from 0 to 1 a row',
    fix: 'Check that the trainer exports a classifier whose `probabilities` output holds probabilities.',
  },
  isLabel: (label) => label === 0 || label === 1,
  isBaseline: (baseline) => baseline.length === 1 && baseline.every(isProbability),
  baselineScores: (labels, [share = 0]) => new Float64Array(labels.length).fill(share),
  baseline: ([positiveShare = 0]) => ({ positiveShare }),
  labelFacts: (labels) => ({ positives: sum(labels) }),
} as const satisfies TaskMeasures;

function sum(labels: ArrayLike<number>): number {
  let total = 0;
  for (let row = 0; row < labels.length; row++) total += labels[row] as number;
  return total;
}
