import type { MetricName } from '../domain/evaluation.js';
import { metricRange, taskMetrics } from '../domain/metric-facts.js';
import type { TaskKind } from '../domain/task.js';
import { swapped } from './check-contract.js';
import { wantOneOf } from './issues.js';
import type { Loose, SpecParts } from './parts.js';
import type { SpecIssue, SpecPath } from './path.js';
import type { GateSpec } from './spec.js';

/** The gate: rules on metrics that the task has and that are measured, with bounds that a candidate can meet. */
export function checkGate({ gate, evaluation, task }: SpecParts): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const kind = task?.kind;
  const metrics = evaluation?.metrics;
  for (const [index, metric] of (metrics ?? []).entries()) {
    const path = ['evaluation', 'metrics', index];
    issues.push(...unfitMetric(path, metric, kind));
    if (metric === undefined || metrics?.indexOf(metric) === index) continue;
    issues.push({ path, message: `found ${metric} a second time, want it once` });
  }
  if (!gate) return issues;
  const thresholds = gate.thresholds ?? [];
  for (const [index, threshold] of thresholds.entries()) {
    issues.push(...checkThreshold(['gate', 'thresholds', index], threshold, kind ?? 'binary'));
  }
  const rules: [SpecPath, MetricName | undefined][] = [
    ...thresholds.map((threshold, index): [SpecPath, MetricName | undefined] => [
      ['gate', 'thresholds', index],
      threshold?.metric,
    ]),
    [['gate', 'skill'], gate.skill?.metric ?? (kind && taskMetrics[kind].skill)],
    [['gate', 'champion'], gate.champion?.metric ?? (kind && taskMetrics[kind].champion)],
  ];
  for (const [rule, metric] of rules) {
    const path = [...rule, 'metric'];
    const unfit = unfitMetric(path, metric, kind);
    issues.push(...unfit);
    if (metric === undefined || unfit.length > 0 || (metrics?.includes(metric) ?? true)) continue;
    const message = `found ${metric}, which evaluation.metrics leaves out, want one of ${metrics?.join(', ')}`;
    issues.push({ path, message });
  }
  return issues;
}

/** A metric that the kind of task does not have. */
function unfitMetric(path: SpecPath, metric: MetricName | undefined, kind: TaskKind | undefined): SpecIssue[] {
  if (metric === undefined || kind === undefined) return [];
  const known = taskMetrics[kind].metrics;
  if (known.includes(metric)) return [];
  return [{ path, message: `found ${metric}, which a ${kind} task has not, ${wantOneOf(metric, known)}` }];
}

function checkThreshold(path: SpecPath, threshold: Loose<GateSpec['thresholds'][number]>, kind: TaskKind): SpecIssue[] {
  if (!threshold) return [];
  const { metric, min, max } = threshold;
  if (min === undefined && max === undefined) {
    return [{ path, message: 'found no bound, want min, max or both' }];
  }
  if (min !== undefined && max !== undefined && min > max) return [swapped(path, min, max)];
  const [least, most] = metric === undefined ? [0, 1] : metricRange(metric, kind);
  const range =
    most === Infinity ? `at least ${least}` : least === -Infinity ? `at most ${most}` : `${least} to ${most}`;
  return (['min', 'max'] as const).flatMap((bound) => {
    const value = threshold[bound];
    if (value === undefined || (value >= least && value <= most)) return [];
    return [{ path: [...path, bound], message: `found ${value}, want ${range}: ${metric} is never outside` }];
  });
}
