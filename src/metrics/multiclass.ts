import { blockMean } from '../statistics/block-mean.js';
import { CLASS_NUMBERS, judgeClasses } from './judge-classes.js';
import type { Metric } from './metric.js';
import { isProbability, type TaskMeasures } from './task-measures.js';

/** A class that a model held impossible costs 34.5 and not infinity. */
const LOG_LOSS_CLIP = 1e-15;

/** The mean of minus the natural logarithm of the probability of the row's class. */
const logLoss: Metric = {
  name: 'logLoss',
  prepare: ({ scores }, blocks) =>
    blockMean(blocks, (row) => -Math.log(Math.max(LOG_LOSS_CLIP, scores[row * CLASS_NUMBERS] as number))),
};

/** The Brier score: squared distances of probabilities and 0 or 1, summed over the classes, 0 to 2. */
const brier: Metric = {
  name: 'brier',
  prepare: ({ scores }, blocks) => blockMean(blocks, (row) => scores[row * CLASS_NUMBERS + 1] as number),
};

/** The share of rows whose class was the likeliest. */
const accuracy: Metric = {
  name: 'accuracy',
  prepare: ({ scores }, blocks) => blockMean(blocks, (row) => scores[row * CLASS_NUMBERS + 2] as number),
};

/** One of several classes: a model gives a probability for each, the baseline the training rows' shares. */
export const multiclass = {
  metrics: { logLoss, brier, accuracy },
  width: CLASS_NUMBERS,
  score: {
    is: (value) => value >= 0,
    wanted: 'what became of the probabilities of a row',
    fix: 'Check that the trainer exports a classifier whose `probabilities` output holds a probability a class.',
  },
  isLabel: (label, size) => Number.isInteger(label) && label >= -1 && label < size,
  isBaseline: (baseline) => baseline.length > 0 && baseline.every(isProbability),
  baselineScores(labels, baseline) {
    const scores = new Float64Array(labels.length * CLASS_NUMBERS);
    // The same three numbers for all rows of a class; -1 stands for a class that nobody knows.
    const classes = baseline.map((_, index) => index);
    const each = new Float64Array((baseline.length + 1) * CLASS_NUMBERS);
    const shares = Float64Array.from(baseline);
    for (const label of [...classes, -1]) {
      judgeClasses({ shares, classes, labels: [label] }, each, (label + 1) * CLASS_NUMBERS);
    }
    for (let row = 0; row < labels.length; row++) {
      const from = ((labels[row] as number) + 1) * CLASS_NUMBERS;
      scores.set(each.subarray(from, from + CLASS_NUMBERS), row * CLASS_NUMBERS);
    }
    return scores;
  },
  baseline: (classShares) => ({ classShares }),
  labelFacts(labels, size) {
    const classRows = Array.from({ length: size }, () => 0);
    for (const label of labels) if (label >= 0) classRows[label] = (classRows[label] ?? 0) + 1;
    return { classRows };
  },
} as const satisfies TaskMeasures;
