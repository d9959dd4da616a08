import type { Evaluation } from '../domain/evaluation.js';
import type { Outcome } from '../domain/verdict.js';
import { metricFacts } from '../statistics/metric-facts.js';
import { advantage, usableEstimate } from './estimates.js';
import type { GateRule } from './gate.js';
import { enoughData } from './minimum.js';
import { wordsFor } from './words.js';

/** With fewer rows of either class than this, skill that is not shown may only be skill that cannot be seen. */
const LEAST_OF_A_CLASS = 30;

/**
 * Better than the trivial baseline, which always answers the training rows' share: the interval of the paired
 * difference lies wholly on the better side.
 *
 * This is a floor, so with enough data it must be shown: a candidate whose skill cannot be told from none fails. A
 * comparison with the champion alone would not refuse a model that learned nothing: when the share of true labels has
 * moved since the champion was trained, such a model can come close in Brier score.
 */
export const skill: GateRule = {
  name: 'skill',
  judge(evaluation, gate) {
    const { metric } = gate.skill;
    const difference = usableEstimate(evaluation.skill, metric);
    const own = usableEstimate(evaluation.candidate.metrics, metric);
    const trivial = usableEstimate(evaluation.baseline.metrics, metric);
    if (difference === undefined || own === undefined || trivial === undefined) {
      const reason = `Skill cannot be judged: ${wordsFor(metric).name} could not be measured on these test rows.`;
      return [{ rule: 'skill', outcome: 'insufficient', reason }];
    }
    const gain = advantage(metric, difference);
    const words = wordsFor(metric, gain);
    const interval = words.changeInterval(gain, evaluation.confidence);
    if (gain.low > 0) {
      const compared = `${words.nameStart} ${words.value(own.value)} against the trivial baseline's ${words.value(trivial.value)}`;
      return [{ rule: 'skill', outcome: 'pass', reason: `${compared}: ${words.change(gain.value)} (${interval}).` }];
    }
    const outcome: Outcome =
      gain.high < 0 || (enoughData(evaluation, gate) && enoughOfBoth(evaluation)) ? 'fail' : 'insufficient';
    const side = metricFacts[metric].better === 'higher' ? 'above' : 'below';
    const start = outcome === 'fail' ? 'No skill' : 'Skill is not shown yet';
    const compared = `${words.name} ${words.value(own.value)} is not with confidence ${side} the trivial baseline's`;
    const reason = `${start}: ${compared} ${words.value(trivial.value)}: ${words.change(gain.value)} (${interval}).`;
    return [{ rule: 'skill', outcome, reason }];
  },
};

function enoughOfBoth({ rows, positives }: Evaluation): boolean {
  return Math.min(positives, rows - positives) >= LEAST_OF_A_CLASS;
}
