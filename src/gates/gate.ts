import type { Evaluation } from '../domain/evaluation.js';
import type { RuleOutcome } from '../domain/verdict.js';
import type { GateSpec } from '../spec/spec.js';

/**
 * One rule of the gate. Pure: the same evaluation and spec give the same outcomes; no clock, no files, no network.
 *
 * `judge` is called once for each verdict. It answers with no outcome when the rule does not apply (the champion rule
 * while there is no champion), and with several when it holds several bounds. `pass` must mean that the evidence shows
 * it: what was not measured, or is NaN, is `insufficient`. A refusal is an outcome; throwing fails the whole run.
 */
export interface GateRule {
  /** For example `skill`. */
  readonly name: string;
  judge(evaluation: Evaluation, gate: GateSpec): readonly RuleOutcome[];
}
