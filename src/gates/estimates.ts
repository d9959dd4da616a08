import type { Estimate, MetricName, Metrics } from '../domain/evaluation.js';
import { metricFacts } from '../domain/metric-facts.js';

/** The metric's estimate; undefined when it was not measured or cannot be judged by (NaN, ends in the wrong order). */
export function usableEstimate(metrics: Metrics | undefined, metric: MetricName): Estimate | undefined {
  const estimate = metrics?.[metric];
  if (estimate === undefined) return undefined;
  const finite = [estimate.value, estimate.low, estimate.high].every(Number.isFinite);
  return finite && estimate.low <= estimate.high ? estimate : undefined;
}

/** A difference turned so that above zero means better, whichever way the metric runs. */
export function advantage(metric: MetricName, difference: Estimate): Estimate {
  if (metricFacts[metric].better === 'higher') return difference;
  // 0 - x and not -x, which would make -0 of 0.
  return { value: 0 - difference.value, low: 0 - difference.high, high: 0 - difference.low };
}
