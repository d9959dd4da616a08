import { swapped } from './spec-check-contract.js';
import type { Loose, SpecParts } from './spec-parts.js';
import type { SpecIssue, SpecPath } from './spec-path.js';
import type { GateSpec, MetricName } from './spec.js';

/** The gate: rules on metrics that are measured, with bounds that a candidate can meet. */
export function checkGate({ gate, evaluation }: SpecParts): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const metrics = evaluation?.metrics ?? [];
  for (const [index, metric] of metrics.entries()) {
    if (metric === undefined || metrics.indexOf(metric) === index) continue;
    issues.push({ path: ['evaluation', 'metrics', index], message: `found ${metric} a second time, want it once` });
  }
  if (!gate) return issues;
  const thresholds = gate.thresholds ?? [];
  for (const [index, threshold] of thresholds.entries()) {
    issues.push(...checkThreshold(['gate', 'thresholds', index], threshold));
  }
  if (evaluation?.metrics) {
    const rules: [SpecPath, MetricName | undefined][] = [
      ...thresholds.map((threshold, index): [SpecPath, MetricName | undefined] => [
        ['gate', 'thresholds', index],
        threshold?.metric,
      ]),
      [['gate', 'skill'], gate.skill?.metric],
      [['gate', 'champion'], gate.champion?.metric],
    ];
    for (const [path, metric] of rules) {
      if (metric === undefined || metrics.includes(metric)) continue;
      const message = `found ${metric}, which evaluation.metrics leaves out, want one of ${metrics.join(', ')}`;
      issues.push({ path: [...path, 'metric'], message });
    }
  }
  return issues;
}

function checkThreshold(path: SpecPath, threshold: Loose<GateSpec['thresholds'][number]>): SpecIssue[] {
  if (!threshold) return [];
  const { metric, min, max } = threshold;
  if (min === undefined && max === undefined) {
    return [{ path, message: 'found no bound, want min, max or both' }];
  }
  if (min !== undefined && max !== undefined && min > max) return [swapped(path, min, max)];
  const top = metric === 'logLoss' ? Infinity : 1;
  const range = metric === 'logLoss' ? 'at least 0' : '0 to 1';
  return (['min', 'max'] as const).flatMap((bound) => {
    const value = threshold[bound];
    if (value === undefined || (value >= 0 && value <= top)) return [];
    return [{ path: [...path, bound], message: `found ${value}, want ${range}: ${metric} is never outside` }];
  });
}
