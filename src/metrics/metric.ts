import type { MetricName } from '../domain/evaluation.js';
import type { BlockStatistic } from '../statistics/block-bootstrap.js';
import type { Blocks } from '../statistics/join-blocks.js';

/** What one model answered on the test rows. */
export interface ScoredRows {
  /** 1 for true, 0 for false. */
  readonly labels: Uint8Array;
  /** Probability of true, from 0 to 1. */
  readonly scores: Float64Array;
}

/**
 * A measure of how good a model's probabilities are. Whether higher is better, and its name for people, stand in
 * `src/statistics/metric-facts.ts`, where gates read them too.
 *
 * `prepare` is called once for each model and must be pure. What it returns gives the exact value (every block once) and
 * the value of every resample, NaN where the metric is not defined. For a mean over rows, `blockMean` is all it takes.
 */
export interface Metric {
  readonly name: MetricName;
  prepare(rows: ScoredRows, blocks: Blocks): BlockStatistic;
}
