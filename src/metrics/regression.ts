import { LANES, type BlockStatistic } from '../statistics/block-bootstrap.js';
import { blockMean } from '../statistics/block-mean.js';
import type { Metric } from './metric.js';
import { r2 } from './r2.js';
import type { TaskMeasures } from './task-measures.js';

/** The root of the mean squared error, in the unit of the label. */
const rmse: Metric = {
  name: 'rmse',
  prepare({ labels, scores }, blocks) {
    return rootOf(blockMean(blocks, (row) => ((scores[row] as number) - (labels[row] as number)) ** 2));
  },
};

/** The mean absolute error, in the unit of the label. */
const mae: Metric = {
  name: 'mae',
  prepare({ labels, scores }, blocks) {
    return blockMean(blocks, (row) => Math.abs((scores[row] as number) - (labels[row] as number)));
  },
};

/** A number: a model gives one, the baseline the mean of the training rows. */
export const regression = {
  metrics: { rmse, mae, r2 },
  width: 1,
  score: {
    is: Number.isFinite,
    wanted: 'a finite number a row',
    fix: 'Check that the trainer exports a model whose `value` output holds finite numbers.',
  },
  isLabel: Number.isFinite,
  isBaseline: (baseline) => baseline.length === 1 && baseline.every(Number.isFinite),
  baselineScores: (labels, [mean = 0]) => new Float64Array(labels.length).fill(mean),
  baseline: ([mean = 0]) => ({ mean }),
  labelFacts: () => ({}),
} as const satisfies TaskMeasures;

function rootOf(statistic: BlockStatistic): BlockStatistic {
  return {
    replicate(counts, out, at) {
      statistic.replicate(counts, out, at);
      for (let lane = at; lane < at + LANES; lane++) out[lane] = Math.sqrt(out[lane] as number);
    },
  };
}
