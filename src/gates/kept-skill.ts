import type { Estimate } from '../domain/evaluation.js';
import type { Outcome } from '../domain/verdict.js';
import { metricFacts } from '../domain/metric-facts.js';
import { advantage, usableEstimate } from './estimates.js';
import type { GateRule } from './gate.js';
import { unscoredChampion } from './unscored-champion.js';
import { wordsFor } from './words.js';

/** The share of the champion's skill that a candidate must keep. */
const KEPT = 0.5;

/**
 * Keeps at least half of the skill that the champion has above the trivial baseline, in the metric of the skill rule.
 * Does not apply without a champion, or with one that has no skill.
 *
 * Being above the baseline is not enough of a floor. A model trained on shuffled labels is still some function of good
 * features, and with many rows its AUC of 0.53 is above 0.5 beyond doubt; and against a champion whose base rate is out
 * of date its Brier score may be no worse. Against the champion's AUC of 0.8 it is seen at once. Half, because a
 * candidate may well give up a little in one metric to gain in the one that it is promoted for.
 */
export const keptSkill: GateRule = {
  name: 'kept-skill',
  judge(evaluation, gate) {
    const unscored = unscoredChampion(evaluation);
    if (unscored !== undefined) {
      return [{ rule: 'kept-skill', outcome: 'insufficient', reason: `Kept skill cannot be judged: ${unscored}` }];
    }
    if (evaluation.champion === undefined) return [];
    const { metric } = gate.skill;
    const own = usableEstimate(evaluation.candidate.metrics, metric);
    const theirs = usableEstimate(evaluation.champion.metrics, metric);
    const trivial = usableEstimate(evaluation.baseline.metrics, metric);
    const difference = usableEstimate(evaluation.difference, metric);
    if (own === undefined || theirs === undefined || trivial === undefined || difference === undefined) {
      const reason = `Kept skill cannot be judged: ${wordsFor(metric).name} could not be measured on these test rows.`;
      return [{ rule: 'kept-skill', outcome: 'insufficient', reason }];
    }
    const above = theirs.value - trivial.value;
    const skill = metricFacts[metric].better === 'higher' ? above : -above;
    if (skill <= 0) return [];
    const gain = advantage(metric, difference);
    const outcome = outcomeOf(gain, (1 - KEPT) * skill);
    const words = wordsFor(metric, gain);
    const start = { pass: 'Skill is kept', fail: 'Skill is lost', insufficient: 'Skill may be lost' }[outcome];
    const compared = `${words.name} ${words.value(own.value)} against the champion's ${words.value(theirs.value)}`;
    const wanted = `at most ${words.size((1 - KEPT) * skill)} worse is allowed`;
    const interval = words.changeInterval(gain, evaluation.confidence);
    const reason = `${start}: ${compared} is ${words.change(gain.value)}, ${wanted} (${interval}).`;
    return [{ rule: 'kept-skill', outcome, reason }];
  },
};

function outcomeOf(gain: Estimate, allowed: number): Outcome {
  return gain.low >= -allowed ? 'pass' : gain.high < -allowed ? 'fail' : 'insufficient';
}
