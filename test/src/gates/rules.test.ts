import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/domain/evaluation.js';
import { champion } from '../../../src/gates/champion.js';
import { judge } from '../../../src/gates/index.js';
import { keptSkill } from '../../../src/gates/kept-skill.js';
import { minimum } from '../../../src/gates/minimum.js';
import { skill } from '../../../src/gates/skill.js';
import { thresholds } from '../../../src/gates/thresholds.js';
import {
  estimate,
  evaluationOf,
  firstEvaluation,
  gateOf,
  unscoredEvaluation,
  withMetric,
} from './example-evaluation.js';

const base = evaluationOf();

function withDifference(...ends: [number, number, number]): Evaluation {
  return evaluationOf({ difference: withMetric(base.difference, 'brier', ...ends) });
}

function withSkill(...ends: [number, number, number]): Evaluation {
  const metrics = withMetric(base.candidate.metrics, 'auc', 0.5 + ends[0], 0.5 + ends[1], 0.5 + ends[2]);
  return evaluationOf({ candidate: { ...base.candidate, metrics }, skill: withMetric(base.skill, 'auc', ...ends) });
}

describe('rule champion', () => {
  const cases: [string, Evaluation, Parameters<typeof gateOf>[0], string, string][] = [
    [
      'better passes when the whole interval is better',
      base,
      {},
      'pass',
      "Brier score 0.1071 against the champion's 0.1093: better by 0.0022 (95 % interval 0.0011 to 0.0034).",
    ],
    [
      'better fails when the whole interval is worse',
      withDifference(0.0022, 0.0011, 0.0034),
      {},
      'fail',
      "Brier score 0.1071 against the champion's 0.1093: worse by 0.0022 (95 % interval 0.0011 to 0.0034).",
    ],
    [
      'better is insufficient when the interval holds zero',
      withDifference(-0.0003, -0.0011, 0.0008),
      {},
      'insufficient',
      "Brier score 0.1071 against the champion's 0.1093: better by 0.0003, which may be chance (95 % interval 0.0008 worse to 0.0011 better).",
    ],
    [
      'better is insufficient for a model that answers the same',
      withDifference(0, 0, 0),
      {},
      'insufficient',
      "Brier score 0.1071 against the champion's 0.1093: no different (95 % interval 0.0000 to 0.0000).",
    ],
    [
      'better turns round for a metric that is better when higher',
      base,
      { champion: { metric: 'auc' } },
      'pass',
      "AUC 0.8512 against the champion's 0.8451: better by 0.0061 (95 % interval 0.0040 to 0.0082).",
    ],
    [
      'better speaks of accuracy in percent and percentage points',
      base,
      { champion: { metric: 'accuracy' } },
      'pass',
      "Accuracy 88.20 % against the champion's 87.90 %: better by 0.30 percentage points (95 % interval 0.10 to 0.50 percentage points).",
    ],
    [
      'better shows enough digits for a small difference',
      withDifference(-0.000024, -0.000041, -0.000006),
      {},
      'pass',
      "Brier score 0.107100 against the champion's 0.109300: better by 0.000024 (95 % interval 0.000006 to 0.000041).",
    ],
    [
      'not-worse passes when the worst end is within the margin',
      withDifference(0.0002, -0.0004, 0.0008),
      { champion: { rule: 'not-worse', margin: 0.001 } },
      'pass',
      "Brier score 0.10710 against the champion's 0.10930: worse by 0.00020, so not worse by more than 0.00100 (95 % interval 0.00080 worse to 0.00040 better).",
    ],
    [
      'not-worse fails when the best end is beyond the margin',
      withDifference(0.0022, 0.0011, 0.0034),
      { champion: { rule: 'not-worse', margin: 0.001 } },
      'fail',
      "Brier score 0.1071 against the champion's 0.1093: worse by 0.0022, where not worse by more than 0.0010 is wanted (95 % interval 0.0011 to 0.0034).",
    ],
    [
      'not-worse is insufficient when the interval holds the margin',
      withDifference(0.0002, -0.0008, 0.0012),
      { champion: { rule: 'not-worse', margin: 0.001 } },
      'insufficient',
      "Brier score 0.1071 against the champion's 0.1093: worse by 0.0002, but it may be more than the 0.0010 that are allowed (95 % interval 0.0012 worse to 0.0008 better).",
    ],
    [
      'not-worse with no margin passes a model that answers the same',
      withDifference(0, 0, 0),
      { champion: { rule: 'not-worse' } },
      'pass',
      "Brier score 0.1071 against the champion's 0.1093: no different, so not worse (95 % interval 0.0000 to 0.0000).",
    ],
  ];
  it.each(cases)('%s', (_, evaluation, gate, outcome, reason) => {
    expect(champion.judge(evaluation, gateOf(gate))).toEqual([{ rule: 'champion', outcome, reason }]);
  });

  it('is insufficient and tells a person what to do when the champion could not be scored', () => {
    expect(champion.judge(unscoredEvaluation(), gateOf())).toEqual([
      {
        rule: 'champion',
        outcome: 'insufficient',
        reason:
          'The champion cannot be compared with: version 3 could not be scored on these test rows, because its input ' +
          '"visits" is not in the training table any more. Keep that column in the training table as it was (it need not ' +
          'be a feature) until a version that does without it is live, or apply the spec under another name, which starts ' +
          'without a champion.',
      },
    ]);
  });

  it('is insufficient when the candidate is the champion itself, whatever may be not worse', () => {
    const same = evaluationOf({ candidate: { ...base.candidate, bundle: base.champion!.bundle } });
    const gate = gateOf({ champion: { rule: 'not-worse', margin: 0.5 } });
    expect(champion.judge(same, gate)).toEqual([
      {
        rule: 'champion',
        outcome: 'insufficient',
        reason: 'The candidate is the champion itself: since it was trained, nothing has changed.',
      },
    ]);
  });

  it('does not apply when there is no champion', () => {
    expect(champion.judge(firstEvaluation(), gateOf())).toEqual([]);
  });

  it('is insufficient when the metric is missing, NaN or inside out', () => {
    const missing = { ...base.difference };
    delete (missing as { brier?: unknown }).brier; // the copy is ours to change
    for (const difference of [
      missing,
      withMetric(base.difference, 'brier', Number.NaN, -1, -0.5),
      withMetric(base.difference, 'brier', -0.5, Number.NaN, -0.1),
      withMetric(base.difference, 'brier', -0.5, -Infinity, -0.1),
      withMetric(base.difference, 'brier', -0.5, -0.1, -0.9),
    ]) {
      const [found] = champion.judge(evaluationOf({ difference }), gateOf());
      expect(found?.outcome).toBe('insufficient');
      expect(found?.reason).toBe(
        'The champion cannot be compared with: Brier score could not be measured on these test rows.',
      );
    }
  });
});

describe('rule skill', () => {
  const cases: [string, Evaluation, Parameters<typeof gateOf>[0], string, string][] = [
    [
      'passes when the whole interval is above the baseline',
      base,
      {},
      'pass',
      "AUC 0.8512 against the trivial baseline's 0.5000: better by 0.3512 (95 % interval 0.3450 to 0.3570).",
    ],
    [
      'passes a metric that is better when lower, below the baseline',
      base,
      { skill: { metric: 'brier' } },
      'pass',
      "Brier score 0.1071 against the trivial baseline's 0.1660: better by 0.0589 (95 % interval 0.0540 to 0.0640).",
    ],
    [
      'fails when there is none, though the interval holds zero',
      withSkill(-0.01, -0.022, 0.002),
      {},
      'fail',
      "No skill: AUC 0.4900 is not with confidence above the trivial baseline's 0.5000: worse by 0.0100 (95 % interval 0.0220 worse to 0.0020 better).",
    ],
    [
      'fails when there is less than none',
      withSkill(-0.03, -0.05, -0.01),
      {},
      'fail',
      "No skill: AUC 0.4700 is not with confidence above the trivial baseline's 0.5000: worse by 0.0300 (95 % interval 0.0100 to 0.0500).",
    ],
    [
      'is insufficient below the minimum of rows',
      { ...withSkill(0.01, -0.022, 0.042), rows: 150, positives: 70 },
      {},
      'insufficient',
      "Skill is not shown yet: AUC 0.5100 is not with confidence above the trivial baseline's 0.5000: better by 0.0100 (95 % interval 0.0220 worse to 0.0420 better).",
    ],
  ];
  it.each(cases)('%s', (_, evaluation, gate, outcome, reason) => {
    expect(skill.judge(evaluation, gateOf(gate))).toEqual([{ rule: 'skill', outcome, reason }]);
  });

  it('is insufficient while there are hardly any rows of one class', () => {
    const unclear = withSkill(0.2, -0.05, 0.4);
    const outcomeOf = (positives: number): unknown => skill.judge({ ...unclear, positives }, gateOf())[0]?.outcome;
    expect(outcomeOf(29)).toBe('insufficient');
    expect(outcomeOf(30)).toBe('fail');
    expect(outcomeOf(unclear.rows - 29)).toBe('insufficient');
  });

  it('is insufficient when the metric could not be measured', () => {
    const { auc: _auc, ...skillWithout } = base.skill;
    expect(skill.judge(evaluationOf({ skill: skillWithout }), gateOf())).toEqual([
      {
        rule: 'skill',
        outcome: 'insufficient',
        reason: 'Skill cannot be judged: AUC could not be measured on these test rows.',
      },
    ]);
  });
});

describe('rule kept-skill', () => {
  const outcomeOf = (evaluation: Evaluation, gate: Parameters<typeof gateOf>[0] = {}): unknown[] =>
    keptSkill.judge(evaluation, gateOf(gate)).map(({ outcome }) => outcome);
  const withAuc = (...ends: [number, number, number]): Evaluation =>
    evaluationOf({ difference: withMetric(base.difference, 'auc', ...ends) });

  it('passes, fails or is open as the interval lies to half of the skill of the champion', () => {
    // The champion has 0.8451 - 0.5, so 0.17255 may be lost.
    expect(outcomeOf(base)).toEqual(['pass']);
    expect(outcomeOf(withAuc(-0.1, -0.17, -0.03))).toEqual(['pass']);
    expect(outcomeOf(withAuc(-0.1, -0.18, -0.02))).toEqual(['insufficient']);
    expect(outcomeOf(withAuc(-0.3, -0.4, -0.18))).toEqual(['fail']);
  });

  it('turns round for a metric that is better when lower', () => {
    // The champion has 0.166 - 0.1093, so 0.02835 may be lost.
    const gate = { skill: { metric: 'brier' as const } };
    expect(outcomeOf(withDifference(0.02, 0.01, 0.028), gate)).toEqual(['pass']);
    expect(outcomeOf(withDifference(0.04, 0.029, 0.05), gate)).toEqual(['fail']);
  });

  it('does not apply without a champion, or with one that has no skill', () => {
    expect(outcomeOf(firstEvaluation())).toEqual([]);
    const metrics = withMetric(base.champion?.metrics, 'auc', 0.49, 0.48, 0.5);
    expect(outcomeOf(evaluationOf({ champion: { bundle: 'c'.repeat(64), metrics } }))).toEqual([]);
  });

  it('is insufficient when the metric could not be measured', () => {
    expect(outcomeOf(evaluationOf({ difference: {} }))).toEqual(['insufficient']);
  });
});

describe('rule threshold', () => {
  const cases: [string, Parameters<typeof gateOf>[0], string, string][] = [
    [
      'keeps a least when all of the interval does',
      { thresholds: [{ metric: 'auc', min: 0.8 }] },
      'pass',
      'AUC 0.8512 keeps the least allowed 0.8000 (95 % interval 0.8450 to 0.8570).',
    ],
    [
      'breaks a least when none of the interval keeps it',
      { thresholds: [{ metric: 'auc', min: 0.9 }] },
      'fail',
      'AUC 0.8512 is below the least allowed 0.9000 (95 % interval 0.8450 to 0.8570).',
    ],
    [
      'is insufficient when the interval holds the least',
      { thresholds: [{ metric: 'auc', min: 0.85 }] },
      'insufficient',
      'AUC 0.8512 may be below the least allowed 0.8500 (95 % interval 0.8450 to 0.8570): more test rows would tell.',
    ],
    [
      'keeps a most when all of the interval does',
      { thresholds: [{ metric: 'brier', max: 0.12 }] },
      'pass',
      'Brier score 0.1071 keeps the most allowed 0.1200 (95 % interval 0.1030 to 0.1110).',
    ],
    [
      'breaks a most when none of the interval keeps it',
      { thresholds: [{ metric: 'logLoss', max: 0.3 }] },
      'fail',
      'Log loss 0.3411 is above the most allowed 0.3000 (95 % interval 0.3320 to 0.3500).',
    ],
    [
      'speaks of accuracy in percent',
      { thresholds: [{ metric: 'accuracy', min: 0.88 }] },
      'insufficient',
      'Accuracy 88.20 % may be below the least allowed 88.00 % (95 % interval 87.80 to 88.55 %): more test rows would tell.',
    ],
  ];
  it.each(cases)('%s', (_, gate, outcome, reason) => {
    expect(thresholds.judge(base, gateOf(gate))).toEqual([{ rule: 'threshold', outcome, reason }]);
  });

  it('judges each bound by itself, and nothing without bounds', () => {
    const both = gateOf({
      thresholds: [{ metric: 'brier', min: 0.01, max: 0.1 }, { metric: 'auc' }, { metric: 'auc', min: 0.8 }],
    });
    expect(thresholds.judge(base, both).map(({ outcome }) => outcome)).toEqual(['pass', 'fail', 'pass']);
    expect(thresholds.judge(base, gateOf())).toEqual([]);
  });

  it('counts a bound that is just met as met', () => {
    const gate = gateOf({
      thresholds: [
        { metric: 'auc', min: 0.845 },
        { metric: 'brier', max: 0.111 },
      ],
    });
    expect(thresholds.judge(base, gate).map(({ outcome }) => outcome)).toEqual(['pass', 'pass']);
  });

  it('is insufficient when the metric could not be measured', () => {
    const evaluation = evaluationOf({ candidate: { ...base.candidate, metrics: {} } });
    const gate = gateOf({ thresholds: [{ metric: 'logLoss', max: 0.4 }] });
    expect(thresholds.judge(evaluation, gate)).toEqual([
      {
        rule: 'threshold',
        outcome: 'insufficient',
        reason: 'Log loss could not be measured on these test rows; the most allowed 0.4000 cannot be judged.',
      },
    ]);
  });
});

describe('the rules of a regression', () => {
  const metrics = (rmse: number, near: number) => ({ rmse: estimate(rmse, rmse - near, rmse + near) });
  const { positives: _, ...houses } = evaluationOf({
    task: { kind: 'regression' },
    candidate: { bundle: 'b'.repeat(64), metrics: metrics(41_234.56, 900) },
    champion: { bundle: 'c'.repeat(64), metrics: metrics(43_001.2, 1000) },
    baseline: { mean: 180_000, metrics: metrics(79_000.4, 1500) },
    difference: { rmse: estimate(-1766.64, -2300.1, -1200.7) },
    skill: { rmse: estimate(-37_765.84, -39_000, -36_500) },
  });
  const gate = gateOf({
    skill: { metric: 'rmse' },
    champion: { metric: 'rmse', rule: 'not-worse', margin: 12.5 },
    thresholds: [{ metric: 'rmse', max: 42_500.5 }],
  });

  it('speak of amounts without decimals that say nothing', () => {
    const { verdict, rules } = judge(houses, gate);
    expect(verdict).toBe('PROMOTE');
    expect(rules.slice(1).map(({ reason }) => reason)).toEqual([
      "RMSE 41235 against the trivial baseline's 79000: better by 37766 (95 % interval 36500 to 39000).",
      "Skill is kept: RMSE 41235 against the champion's 43001 is better by 1767, at most 18000 worse is allowed (95 % interval 1201 to 2300).",
      'RMSE 41235 keeps the most allowed 42500.5 (95 % interval 40335 to 42135).',
      "RMSE 41235 against the champion's 43001: better by 1767, so not worse by more than 12.5 (95 % interval 1201 to 2300).",
    ]);
  });

  it('refuse what is not better than the mean, without counting classes', () => {
    expect(skill.judge({ ...houses, skill: { rmse: estimate(100, -800, 900) } }, gate)[0]?.outcome).toBe('fail');
  });
});

describe('rule skill, of several classes', () => {
  it('waits for rows outside the most frequent class', () => {
    const gate = gateOf({ skill: { metric: 'logLoss' } });
    const outcomeOf = (classRows: number[]): unknown =>
      skill.judge({ ...base, classRows, skill: { logLoss: estimate(-0.01, -0.02, 0.001) } }, gate)[0]?.outcome;
    expect(outcomeOf([base.rows - 29, 20, 9])).toBe('insufficient');
    expect(outcomeOf([base.rows - 30, 20, 10])).toBe('fail');
  });
});

describe('rule minimum', () => {
  it('passes with enough rows and blocks, and is insufficient with fewer of either', () => {
    const outcomeOf = (rows: number, blocks: number): unknown =>
      minimum.judge(evaluationOf({ rows, blocks }), gateOf())[0]?.outcome;
    expect(outcomeOf(200, 30)).toBe('pass');
    expect(outcomeOf(199, 30)).toBe('insufficient');
    expect(outcomeOf(200, 29)).toBe('insufficient');
    expect(outcomeOf(Number.NaN, 30)).toBe('insufficient');
  });

  it('says what was found and what is wanted', () => {
    const [found] = minimum.judge(evaluationOf({ blocks: 12 }), gateOf());
    expect(found?.reason).toBe(
      'Not enough data to judge: 115,000 test rows in 12 blocks; at least 200 rows and 30 blocks are wanted.',
    );
  });
});
