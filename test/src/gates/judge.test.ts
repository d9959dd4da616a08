import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Estimate, Evaluation, Metrics } from '../../../src/domain/evaluation.js';
import type { GateRule } from '../../../src/gates/gate.js';
import { gateMetrics, judge, rules } from '../../../src/gates/index.js';
import type { GateSpec } from '../../../src/spec/spec.js';
import { metricFacts } from '../../../src/domain/metric-facts.js';
import { evaluationOf, firstEvaluation, gateOf, unscoredEvaluation, withMetric } from './example-evaluation.js';

const base = evaluationOf();
const names = ['auc', 'brier', 'logLoss', 'accuracy'] as const;
type Name = (typeof names)[number];
const rank = { REJECT: 0, HOLD: 1, PROMOTE: 2 };

describe('judge', () => {
  it('promotes a candidate that is better, for the reason that it is better', () => {
    const verdict = judge(base, gateOf());
    expect(verdict.verdict).toBe('PROMOTE');
    expect(verdict.reason).toBe(
      "Brier score 0.1071 against the champion's 0.1093: better by 0.0022 (95 % interval 0.0011 to 0.0034).",
    );
    expect(verdict.rules.map(({ rule }) => rule)).toEqual(['minimum', 'skill', 'kept-skill', 'champion']);
  });

  it('promotes a first candidate on minimum, skill and thresholds alone', () => {
    const verdict = judge(firstEvaluation(), gateOf({ thresholds: [{ metric: 'auc', min: 0.8 }] }));
    expect(verdict.verdict).toBe('PROMOTE');
    expect(verdict.reason).toBe(
      "The first champion. AUC 0.8512 against the trivial baseline's 0.5000: better by 0.3512 (95 % interval 0.3450 to 0.3570).",
    );
    expect(judge(firstEvaluation(), gateOf({ thresholds: [{ metric: 'auc', min: 0.9 }] })).verdict).toBe('REJECT');
  });

  it('holds a candidate that may be no better', () => {
    const difference = withMetric(base.difference, 'brier', -0.0003, -0.0011, 0.0008);
    const verdict = judge(evaluationOf({ difference }), gateOf());
    expect(verdict.verdict).toBe('HOLD');
    expect(verdict.reason).toContain('better by 0.0003, which may be chance');
  });

  it('holds a candidate, however good, when the champion could not be scored', () => {
    const verdict = judge(unscoredEvaluation(), gateOf({ champion: { rule: 'not-worse', margin: 1 } }));
    expect(verdict.verdict).toBe('HOLD');
    expect(verdict.reason).toMatch(/version 3 could not be scored.*"visits" is not in the training table any more/);
    const open = verdict.rules.filter(({ outcome }) => outcome === 'insufficient').map(({ rule }) => rule);
    expect(open).toEqual(['kept-skill', 'champion']);
  });

  it('rejects a candidate without skill though its Brier score beats the champion', () => {
    const skill = withMetric(base.skill, 'auc', -0.01, -0.022, 0.002);
    const verdict = judge(evaluationOf({ skill }), gateOf());
    expect(verdict.verdict).toBe('REJECT');
    expect(verdict.reason).toMatch(/^No skill: /);
    expect(verdict.rules.find(({ rule }) => rule === 'champion')?.outcome).toBe('pass');
  });

  it('rejects a candidate that lost the ranking though its Brier score beats a champion of a stale base rate', () => {
    const { candidate } = base;
    const metrics = withMetric(candidate.metrics, 'auc', 0.53, 0.52, 0.54);
    const skill = withMetric(base.skill, 'auc', 0.03, 0.02, 0.04);
    const difference = withMetric(base.difference, 'auc', -0.3151, -0.32, -0.31);
    const verdict = judge(evaluationOf({ candidate: { ...candidate, metrics }, skill, difference }), gateOf());
    expect(verdict.verdict).toBe('REJECT');
    expect(verdict.reason).toBe(
      "Skill is lost: AUC 0.5300 against the champion's 0.8451 is worse by 0.3151, at most 0.1725 worse is allowed (95 % interval 0.3100 to 0.3200).",
    );
  });

  it('holds when there is not enough data', () => {
    const verdict = judge(evaluationOf({ blocks: 5 }), gateOf());
    expect(verdict.verdict).toBe('HOLD');
    expect(verdict.reason).toMatch(/^Not enough data to judge: /);
  });

  it('counts rules from outside as much as its own', () => {
    const extra = (outcome: string): GateRule => ({
      name: 'latency',
      judge: () => [{ rule: 'latency', outcome: outcome as 'pass', reason: `Latency: ${outcome}.` }], // may lie in JS
    });
    expect(judge(base, gateOf(), [extra('pass')]).verdict).toBe('PROMOTE');
    expect(judge(base, gateOf(), [extra('fail')])).toMatchObject({ verdict: 'REJECT', reason: 'Latency: fail.' });
    expect(judge(base, gateOf(), [extra('insufficient')]).verdict).toBe('HOLD');
    expect(judge(base, gateOf(), [extra('probably')]).verdict).toBe('HOLD');
    expect(judge(base, gateOf(), [{ name: 'idle', judge: () => [] }]).verdict).toBe('PROMOTE');
  });

  it('names every rule once', () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });
});

describe('gateMetrics', () => {
  it('are those that rules read, once each', () => {
    expect(gateMetrics(gateOf())).toEqual(['auc', 'brier']);
    const thresholds = [
      { metric: 'accuracy' as const, min: 0.5 },
      { metric: 'auc' as const, min: 0.6 },
    ];
    expect(gateMetrics(gateOf({ thresholds, champion: { metric: 'auc' } }))).toEqual(['auc', 'accuracy']);
  });
});

describe('judge, whatever the evaluation and the gate', () => {
  const wild = fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: -1, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0) },
  );
  const sane: fc.Arbitrary<Estimate> = fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
    .map((ends) => ends.toSorted((a, b) => a - b))
    .map(([low, value, high]) => ({ low, value, high }) as Estimate); // three numbers, sorted
  const anyEstimate: fc.Arbitrary<Estimate> = fc.oneof(
    { weight: 4, arbitrary: sane },
    { weight: 1, arbitrary: fc.record({ value: wild, low: wild, high: wild }) },
  );
  const metricsOf = (estimate: fc.Arbitrary<Estimate>, requiredKeys: Name[]): fc.Arbitrary<Metrics> =>
    fc.record({ auc: estimate, brier: estimate, logLoss: estimate, accuracy: estimate }, { requiredKeys });
  const evaluations = (estimate: fc.Arbitrary<Estimate>, required: Name[]): fc.Arbitrary<Evaluation> => {
    const metrics = metricsOf(estimate, required);
    return fc
      .record({
        sizes: fc.constantFrom([115_000, 24_000, 1560], [300, 10, 40], [100, 50, 5]),
        candidate: metrics,
        champion: fc.option(metrics, { nil: undefined }),
        baseline: metrics,
        difference: metrics,
        skill: metrics,
      })
      .map(({ sizes: [rows = 0, positives = 0, blocks = 0], ...found }) => {
        const sizes = { rows, positives, blocks, skill: found.skill };
        const candidate = { ...base.candidate, metrics: found.candidate };
        const baseline = { positiveShare: 0.2, metrics: found.baseline };
        if (found.champion === undefined) return firstEvaluation({ ...sizes, candidate, baseline });
        const champion = { bundle: 'c'.repeat(64), metrics: found.champion };
        return evaluationOf({ ...sizes, candidate, baseline, champion, difference: found.difference });
      });
  };
  const metric = fc.constantFrom(...names);
  const gates: fc.Arbitrary<GateSpec> = fc
    .record({
      thresholds: fc.array(
        fc.record(
          {
            metric,
            min: fc.double({ min: -1, max: 1, noNaN: true }),
            max: fc.double({ min: -1, max: 1, noNaN: true }),
          },
          { requiredKeys: ['metric'] },
        ),
        { maxLength: 2 },
      ),
      skill: fc.record({ metric }),
      champion: fc.record({
        metric,
        rule: fc.constantFrom('better' as const, 'not-worse' as const),
        margin: fc.double({ min: 0, max: 0.5, noNaN: true }),
      }),
    })
    .map(gateOf);
  const settings = { numRuns: 1000, seed: 3 };

  it('rejects exactly when a rule fails and promotes exactly when all pass', () => {
    fc.assert(
      fc.property(evaluations(anyEstimate, []), gates, (evaluation, gate) => {
        const { verdict, rules: outcomes } = judge(evaluation, gate);
        const found = outcomes.map(({ outcome }) => outcome);
        expect(verdict === 'REJECT').toBe(found.includes('fail'));
        expect(verdict === 'PROMOTE').toBe(found.every((outcome) => outcome === 'pass'));
      }),
      settings,
    );
  });

  it('gives every outcome and every verdict a sentence without holes', () => {
    fc.assert(
      fc.property(evaluations(anyEstimate, []), gates, (evaluation, gate) => {
        const verdict = judge(evaluation, gate);
        for (const reason of [verdict.reason, ...verdict.rules.map((outcome) => outcome.reason)]) {
          expect(reason).toMatch(/^[A-Z][^\n]+\.$/);
          expect(reason).not.toMatch(/NaN|Infinity|undefined|null|--|-0\.0+\b/);
        }
      }),
      settings,
    );
  });

  it('never promotes on a metric that is missing or no number', () => {
    const spoil = fc.constantFrom(undefined, Number.NaN, Infinity);
    const part = fc.constantFrom('candidate' as const, 'skill' as const, 'difference' as const);
    fc.assert(
      fc.property(gates, spoil, part, metric, (gate, value, where, which) => {
        const spoiled = (metrics: Metrics | undefined): Metrics => {
          const { [which]: estimate, ...rest } = metrics ?? {};
          return value === undefined || estimate === undefined
            ? rest
            : { ...rest, [which]: { ...estimate, low: value } };
        };
        const evaluation =
          where === 'candidate'
            ? evaluationOf({ candidate: { ...base.candidate, metrics: spoiled(base.candidate.metrics) } })
            : evaluationOf({ [where]: spoiled(base[where]) });
        const read = {
          candidate: gateMetrics(gate),
          skill: [gate.skill.metric],
          difference: [gate.champion.metric, gate.skill.metric],
        };
        if (read[where].includes(which)) expect(judge(evaluation, gate).verdict).not.toBe('PROMOTE');
      }),
      settings,
    );
  });

  it('never judges a candidate lower for being better', () => {
    const better = (metrics: Metrics, step: number): Metrics =>
      Object.fromEntries(
        names.map((name) => {
          const { value, low, high } = metrics[name] as Estimate; // all four were asked for
          const change = metricFacts[name].better === 'higher' ? step : -step;
          return [name, { value: value + change, low: low + change, high: high + change }];
        }),
      );
    const oneSided = gates.map((gate) => ({
      ...gate,
      // A least of what is better when lower is no wish for a better model.
      thresholds: gate.thresholds.map(({ metric: name, min, max }) =>
        metricFacts[name].better === 'higher'
          ? { metric: name, ...(min === undefined ? {} : { min }) }
          : { metric: name, ...(max === undefined ? {} : { max }) },
      ),
    }));
    fc.assert(
      fc.property(
        evaluations(sane, [...names]),
        oneSided,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (evaluation, gate, step) => {
          const improved: Evaluation = {
            ...evaluation,
            candidate: { ...evaluation.candidate, metrics: better(evaluation.candidate.metrics, step) },
            skill: better(evaluation.skill, step),
            ...(evaluation.difference && { difference: better(evaluation.difference, step) }),
          };
          expect(rank[judge(improved, gate).verdict]).toBeGreaterThanOrEqual(rank[judge(evaluation, gate).verdict]);
        },
      ),
      settings,
    );
  });

  it('never promotes, under "better", a candidate that answers as the champion does', () => {
    const same = { value: 0, low: 0, high: 0 };
    fc.assert(
      fc.property(evaluations(sane, [...names]), gates, (evaluation, gate) => {
        const difference = { auc: same, brier: same, logLoss: same, accuracy: same };
        const twin: Evaluation = { ...evaluation, champion: evaluation.candidate, difference };
        const verdict = judge(twin, { ...gate, champion: { ...gate.champion, rule: 'better' } });
        expect(verdict.verdict).not.toBe('PROMOTE');
      }),
      settings,
    );
  });
});
