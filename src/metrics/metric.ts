import type { MetricName } from '../domain/evaluation.js';
import type { BlockStatistic } from '../statistics/block-bootstrap.js';
import type { Blocks } from '../statistics/join-blocks.js';

/**
 * One entry a row. Binary: 1 for true, 0 for false. Multiclass: the number of the class, -1 for one that is in no list.
 * Regression: the number itself.
 */
export type Labels = Uint8Array | Int32Array | Float64Array;

/** What one model answered on the test rows. */
export interface ScoredRows {
  readonly labels: Labels;
  /**
   * Binary: the probability of true, from 0 to 1. Multiclass: what `judgeClasses` makes of the probabilities. Regression:
   * the number.
   */
  readonly scores: Float64Array;
}

/**
 * A measure of how good a model's answers are. Whether higher is better, its name for people, and which kinds of task have
 * it, stand in `src/domain/metric-facts.ts`, where specs and gates read them too.
 *
 * `prepare` is called once for each model and must be pure. What it returns gives the exact value (every block once) and
 * the value of every resample, NaN where the metric is not defined. For a mean over rows, `blockMean` is all it takes.
 */
export interface Metric {
  readonly name: MetricName;
  prepare(rows: ScoredRows, blocks: Blocks): BlockStatistic;
}
