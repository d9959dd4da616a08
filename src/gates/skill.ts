import type { Evaluation } from '../domain/evaluation.js';
import type { Outcome } from '../domain/verdict.js';
import { metricFacts } from '../domain/metric-facts.js';
import { advantage, usableEstimate } from './estimates.js';
import type { GateRule } from './gate.js';
import { enoughData } from './minimum.js';
import { wordsFor } from './words.js';

/** With fewer rows outside the most frequent class, skill that is not shown may only be skill that cannot be seen. */
const LEAST_OF_OTHERS = 30;

/**
 * Better than the trivial baseline, which always answers what the training rows are on average: the interval of the paired
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
      gain.high < 0 || (enoughData(evaluation, gate) && enoughOfEach(evaluation)) ? 'fail' : 'insufficient';
    const side = metricFacts[metric].better === 'higher' ? 'above' : 'below';
    const start = outcome === 'fail' ? 'No skill' : 'Skill is not shown yet';
    const compared = `${words.name} ${words.value(own.value)} is not with confidence ${side} the trivial baseline's`;
    const reason = `${start}: ${compared} ${words.value(trivial.value)}: ${words.change(gain.value)} (${interval}).`;
    return [{ rule: 'skill', outcome, reason }];
  },
};

/** Numbers have no classes that could be rare. */
function enoughOfEach({ rows, positives, classRows }: Evaluation): boolean {
  const classes = classRows ?? (positives === undefined ? undefined : [positives, rows - positives]);
  return classes === undefined || rows - classes.reduce((most, each) => Math.max(most, each), 0) >= LEAST_OF_OTHERS;
}
