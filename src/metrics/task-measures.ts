import type { Baseline, Evaluation, MetricName } from '../domain/evaluation.js';
import type { Labels, Metric } from './metric.js';

/** How models of one kind of task are measured. */
export interface TaskMeasures {
  /** The metrics that the kind has. */
  readonly metrics: Readonly<Partial<Record<MetricName, Metric>>>;
  /** Numbers of a row in the scores of a model. */
  readonly width: number;
  /** What each of these numbers must be, and what to look at when one is not. */
  readonly score: { is(value: number): boolean; readonly wanted: string; readonly fix: string };
  /** Whether a label can be one, of a task whose baseline has so many numbers. */
  isLabel(label: number, size: number): boolean;
  /** Whether the numbers of the baseline can be its. */
  isBaseline(baseline: readonly number[]): boolean;
  /** The scores of the trivial baseline, which answers the same in every row. */
  baselineScores(labels: Labels, baseline: readonly number[]): Float64Array;
  baseline(baseline: readonly number[]): Baseline;
  /** What an evaluation tells of the labels. */
  labelFacts(labels: Labels, size: number): Pick<Evaluation, 'positives' | 'classRows'>;
}

export function isProbability(value: number): boolean {
  return value >= 0 && value <= 1;
}
