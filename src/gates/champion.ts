import type { Estimate } from '../domain/evaluation.js';
import type { Outcome } from '../domain/verdict.js';
import type { GateSpec } from '../spec/spec.js';
import { advantage, usableEstimate } from './estimates.js';
import type { GateRule } from './gate.js';
import { unscoredChampion } from './unscored-champion.js';
import { wordsFor, type Words } from './words.js';

/**
 * Against the champion on the same rows, by the interval of the paired difference. Does not apply without a champion; one
 * that could not be scored is insufficient, for nothing shows that the candidate is better.
 *
 * `better`: all of the interval on the better side passes, all of it on the worse side fails.
 * `not-worse` (non-inferiority): all of it less than `margin` worse passes, all of it more than `margin` worse fails.
 * A candidate that is the champion, byte for byte, and anything else is insufficient: the rows do not tell the two apart. With 95 % intervals a candidate that is no better
 * passes `better` about once in 40 times.
 */
export const champion: GateRule = {
  name: 'champion',
  judge(evaluation, gate) {
    const unscored = unscoredChampion(evaluation);
    if (unscored !== undefined) {
      return [
        { rule: 'champion', outcome: 'insufficient', reason: `The champion cannot be compared with: ${unscored}` },
      ];
    }
    if (evaluation.champion === undefined) return [];
    if (evaluation.champion.bundle === evaluation.candidate.bundle) {
      const reason = 'The candidate is the champion itself: since it was trained, nothing has changed.';
      return [{ rule: 'champion', outcome: 'insufficient', reason }];
    }
    const { metric } = gate.champion;
    const difference = usableEstimate(evaluation.difference, metric);
    const own = usableEstimate(evaluation.candidate.metrics, metric);
    const theirs = usableEstimate(evaluation.champion.metrics, metric);
    if (difference === undefined || own === undefined || theirs === undefined) {
      const name = wordsFor(metric).name;
      const reason = `The champion cannot be compared with: ${name} could not be measured on these test rows.`;
      return [{ rule: 'champion', outcome: 'insufficient', reason }];
    }
    const gain = advantage(metric, difference);
    const words = wordsFor(metric, gain);
    const outcome = outcomeOf(gain, gate.champion);
    const compared = `${words.nameStart} ${words.value(own.value)} against the champion's ${words.value(theirs.value)}`;
    const interval = words.changeInterval(gain, evaluation.confidence);
    const reason = `${compared}: ${words.change(gain.value)}${comment(outcome, gain, gate.champion, words)} (${interval}).`;
    return [{ rule: 'champion', outcome, reason }];
  },
};

function outcomeOf(gain: Estimate, { rule, margin }: GateSpec['champion']): Outcome {
  if (rule === 'better') return gain.low > 0 ? 'pass' : gain.high < 0 ? 'fail' : 'insufficient';
  return gain.low >= -margin ? 'pass' : gain.high < -margin ? 'fail' : 'insufficient';
}

function comment(outcome: Outcome, gain: Estimate, { rule, margin }: GateSpec['champion'], words: Words): string {
  if (rule === 'better') return outcome === 'insufficient' && gain.value !== 0 ? ', which may be chance' : '';
  const allowed = margin === 0 ? 'not worse' : `not worse by more than ${words.allowed(margin)}`;
  if (outcome === 'insufficient' && margin === 0) return ', which may be chance';
  return {
    pass: `, so ${allowed}`,
    fail: `, where ${allowed} is wanted`,
    insufficient: `, but it may be more than the ${words.allowed(margin)} that are allowed`,
  }[outcome];
}
