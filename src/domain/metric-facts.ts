import type { MetricName } from './evaluation.js';
import type { TaskKind } from './task.js';

/** What people and rules must know of a metric. */
export interface MetricFacts {
  /** As it stands in a sentence: `Brier score`. */
  readonly label: string;
  /** Whether a higher or a lower value is better. */
  readonly better: 'higher' | 'lower';
  /**
   * `share`: shown as a percentage, differences as percentage points. `number`: shown as it is. `amount`: in the unit of
   * the label, so that its size says nothing.
   */
  readonly unit: 'number' | 'share' | 'amount';
  /** The least and the greatest value that it can have, for two classes. */
  readonly range: readonly [least: number, most: number];
}

export const metricFacts: Readonly<Record<MetricName, MetricFacts>> = {
  auc: { label: 'AUC', better: 'higher', unit: 'number', range: [0, 1] },
  brier: { label: 'Brier score', better: 'lower', unit: 'number', range: [0, 1] },
  logLoss: { label: 'log loss', better: 'lower', unit: 'number', range: [0, Infinity] },
  accuracy: { label: 'accuracy', better: 'higher', unit: 'share', range: [0, 1] },
  rmse: { label: 'RMSE', better: 'lower', unit: 'amount', range: [0, Infinity] },
  mae: { label: 'mean absolute error', better: 'lower', unit: 'amount', range: [0, Infinity] },
  r2: { label: 'R²', better: 'higher', unit: 'number', range: [-Infinity, 1] },
};

/** The metrics of a kind of task, and which of them decide where the spec does not say. */
export interface TaskMetrics {
  /** All that can be measured, and what is measured by default. */
  readonly metrics: readonly MetricName[];
  /** Of the skill rule: against the trivial baseline. */
  readonly skill: MetricName;
  /** Of the champion rule. */
  readonly champion: MetricName;
}

export const taskMetrics: Readonly<Record<TaskKind, TaskMetrics>> = {
  binary: { metrics: ['auc', 'brier', 'logLoss', 'accuracy'], skill: 'auc', champion: 'brier' },
  multiclass: { metrics: ['logLoss', 'brier', 'accuracy'], skill: 'logLoss', champion: 'logLoss' },
  regression: { metrics: ['rmse', 'mae', 'r2'], skill: 'rmse', champion: 'rmse' },
};

/** The least and the greatest value that a metric of a kind of task can have. */
export function metricRange(name: MetricName, kind: TaskKind): readonly [least: number, most: number] {
  // All of the share given to one wrong class: 1 for that class and 1 for the right one.
  return name === 'brier' && kind === 'multiclass' ? [0, 2] : metricFacts[name].range;
}

const DECIMALS = 4;

/** A value of a metric, or a difference of two, for tables and messages: four decimals, of amounts six digits. */
export function metricText(name: MetricName, value: number): string {
  if (metricFacts[name].unit !== 'amount' || value === 0) return value.toFixed(DECIMALS);
  const digits = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(12, Math.max(0, 6 - digits)));
}
