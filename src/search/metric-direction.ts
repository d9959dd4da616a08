import { metricFacts } from '../domain/metric-facts.js';
import type { Direction } from '../domain/search.js';

/** Which way a metric is better; undefined of one that only its trainer knows. */
export function directionOf(metric: string): Direction | undefined {
  if (!Object.hasOwn(metricFacts, metric)) return undefined;
  // It is one of the names, as just seen.
  return metricFacts[metric as keyof typeof metricFacts].better === 'higher' ? 'maximize' : 'minimize';
}
