import type { Evaluation, MetricName } from '../domain/evaluation.js';
import type { RuleOutcome, Verdict } from '../domain/verdict.js';
import type { GateSpec } from '../spec/spec.js';
import { champion } from './champion.js';
import type { GateRule } from './gate.js';
import { keptSkill } from './kept-skill.js';
import { minimum } from './minimum.js';
import { skill } from './skill.js';
import { thresholds } from './thresholds.js';

/** The built-in rules, in the order in which they explain a verdict. */
export const rules: readonly GateRule[] = [minimum, skill, keptSkill, thresholds, champion];

/**
 * Judges a candidate by all rules: any `fail` is REJECT, else anything but `pass` is HOLD, else PROMOTE. The first
 * champion has no champion to beat: minimum, skill and thresholds decide.
 *
 * @param extraRules run after the built-in ones and count as much
 */
export function judge(evaluation: Evaluation, gate: GateSpec, extraRules: readonly GateRule[] = []): Verdict {
  const outcomes = [...rules, ...extraRules].flatMap((rule) => rule.judge(evaluation, gate));
  const failed = outcomes.find(({ outcome }) => outcome === 'fail');
  if (failed !== undefined) return { verdict: 'REJECT', reason: failed.reason, rules: outcomes };
  const open = outcomes.find(({ outcome }) => outcome !== 'pass');
  if (open !== undefined) return { verdict: 'HOLD', reason: open.reason, rules: outcomes };
  return { verdict: 'PROMOTE', reason: reasonToPromote(outcomes), rules: outcomes };
}

/** The metrics that the gate's rules read: an evaluation must measure them whatever else the spec asks for. */
export function gateMetrics(gate: GateSpec): MetricName[] {
  return [...new Set([gate.skill.metric, ...gate.thresholds.map(({ metric }) => metric), gate.champion.metric])];
}

function reasonToPromote(outcomes: readonly RuleOutcome[]): string {
  const reasonOf = (name: string): string | undefined => outcomes.find(({ rule }) => rule === name)?.reason;
  return reasonOf('champion') ?? `The first champion. ${reasonOf('skill') ?? ''}`.trim();
}
