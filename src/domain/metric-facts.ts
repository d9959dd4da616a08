import type { MetricName } from '../domain/evaluation.js';

/** What people and rules must know of a metric. */
export interface MetricFacts {
  /** As it stands in a sentence: `Brier score`. */
  readonly label: string;
  /** Whether a higher or a lower value is better. */
  readonly better: 'higher' | 'lower';
  /** `share`: shown as a percentage, differences as percentage points. `number`: shown as it is. */
  readonly unit: 'number' | 'share';
}

export const metricFacts: Readonly<Record<MetricName, MetricFacts>> = {
  auc: { label: 'AUC', better: 'higher', unit: 'number' },
  brier: { label: 'Brier score', better: 'lower', unit: 'number' },
  logLoss: { label: 'log loss', better: 'lower', unit: 'number' },
  accuracy: { label: 'accuracy', better: 'higher', unit: 'share' },
};
