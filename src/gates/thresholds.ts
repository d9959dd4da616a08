import type { Estimate, Evaluation, MetricName } from '../domain/evaluation.js';
import type { Outcome, RuleOutcome } from '../domain/verdict.js';
import { usableEstimate } from './estimates.js';
import type { GateRule } from './gate.js';
import { wordsFor } from './words.js';

/**
 * Bounds on the candidate alone, one outcome for each bound. The interval decides: all of it inside the bound passes, all
 * of it outside fails, and an interval that holds the bound is insufficient: more test rows would tell.
 */
export const thresholds: GateRule = {
  name: 'threshold',
  judge(evaluation, gate) {
    return gate.thresholds.flatMap(({ metric, min, max }) => [
      ...(min === undefined ? [] : [judgeBound(evaluation, metric, 'least', min)]),
      ...(max === undefined ? [] : [judgeBound(evaluation, metric, 'most', max)]),
    ]);
  },
};

function judgeBound(evaluation: Evaluation, metric: MetricName, kind: 'least' | 'most', bound: number): RuleOutcome {
  const estimate = usableEstimate(evaluation.candidate.metrics, metric);
  const words = wordsFor(metric, undefined, estimate);
  const allowed = `the ${kind} allowed ${words.bound(bound)}`;
  if (estimate === undefined) {
    const reason = `${words.nameStart} could not be measured on these test rows; ${allowed} cannot be judged.`;
    return { rule: 'threshold', outcome: 'insufficient', reason };
  }
  const outcome = outcomeOf(estimate, kind, bound);
  const outside = kind === 'least' ? 'below' : 'above';
  const found = { pass: 'keeps', fail: `is ${outside}`, insufficient: `may be ${outside}` }[outcome];
  const more = outcome === 'insufficient' ? ': more test rows would tell' : '';
  const interval = words.interval(estimate, evaluation.confidence);
  const reason = `${words.nameStart} ${words.value(estimate.value)} ${found} ${allowed} (${interval})${more}.`;
  return { rule: 'threshold', outcome, reason };
}

function outcomeOf({ low, high }: Estimate, kind: 'least' | 'most', bound: number): Outcome {
  if (kind === 'least') return low >= bound ? 'pass' : high < bound ? 'fail' : 'insufficient';
  return high <= bound ? 'pass' : low > bound ? 'fail' : 'insufficient';
}
