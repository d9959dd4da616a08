import { describe, expect, it } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import { SpecInvalidError } from '../../../src/errors.js';
import type { ModelSpecInput } from '../../../src/spec/spec.js';
import { toySpec } from '../../support/toy-data.js';

const toy = toySpec('toy', 'data');

/** The toy shop, where another question is asked. */
function specOf(kind: ModelSpecInput['task']['kind'], changes: Partial<ModelSpecInput> = {}): ModelSpecInput {
  const label = { binary: 'bought', multiclass: 'channel', regression: 'price' }[kind];
  return { ...toy, contract: {}, task: { ...toy.task, kind, label, features: ['visits'] }, ...changes };
}

function problemsOf(spec: ModelSpecInput): string[] {
  try {
    defineModel(spec);
    return [];
  } catch (error) {
    if (!(error instanceof SpecInvalidError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('the metrics of a spec', () => {
  it.each([
    ['binary', ['auc', 'brier', 'logLoss', 'accuracy'], 'auc', 'brier'],
    ['multiclass', ['logLoss', 'brier', 'accuracy'], 'logLoss', 'logLoss'],
    ['regression', ['rmse', 'mae', 'r2'], 'rmse', 'rmse'],
  ] as const)('are, of a %s task, by default its own', (kind, metrics, skill, champion) => {
    const { evaluation, gate } = defineModel(specOf(kind));
    expect(evaluation.metrics).toEqual(metrics);
    expect(gate).toMatchObject({ skill: { metric: skill }, champion: { metric: champion, rule: 'better', margin: 0 } });
    expect(defineModel(defineModel(specOf(kind)))).toStrictEqual(defineModel(specOf(kind)));
  });

  it.each<[string, ModelSpecInput, string[]]>([
    [
      'one of another task',
      specOf('multiclass', { evaluation: { metrics: ['auc', 'logLoss'] } }),
      ['evaluation.metrics[0]: found auc, which a multiclass task has not, want one of logLoss, brier, accuracy'],
    ],
    [
      'a rule on one of another task',
      specOf('regression', { gate: { skill: { metric: 'auc' }, thresholds: [{ metric: 'brier', max: 0.1 }] } }),
      [
        'gate.thresholds[0].metric: found brier, which a regression task has not, want one of rmse, mae, r2',
        'gate.skill.metric: found auc, which a regression task has not, want one of rmse, mae, r2',
      ],
    ],
    [
      'a default that is not measured',
      specOf('regression', { evaluation: { metrics: ['mae', 'r2'] }, gate: { skill: { metric: 'r2' } } }),
      ['gate.champion.metric: found rmse, which evaluation.metrics leaves out, want one of mae, r2'],
    ],
    [
      'bounds that nothing can meet',
      specOf('regression', {
        gate: {
          thresholds: [
            { metric: 'r2', min: 1.5 },
            { metric: 'rmse', max: -1 },
          ],
        },
      }),
      [
        'gate.thresholds[0].min: found 1.5, want at most 1: r2 is never outside',
        'gate.thresholds[1].max: found -1, want at least 0: rmse is never outside',
      ],
    ],
    [
      'classes of numbers',
      specOf('regression', { split: { by: 'stratified', columns: ['visits'] } }),
      ['split.by: found stratified, which goes by class, want time, group, hash or fixed for a regression task'],
    ],
    [
      'a contract with another label',
      specOf('multiclass', { contract: { visits: { columns: { channel: { type: 'number' } } } } }),
      ['task.label: found a column of type number in the contract, want string or integer'],
    ],
  ])('are refused with %s', (_, spec, problems) => {
    expect(problemsOf(spec)).toEqual(problems);
  });

  it('may have bounds that two classes would not allow', () => {
    expect(problemsOf(specOf('multiclass', { gate: { thresholds: [{ metric: 'brier', max: 1.2 }] } }))).toEqual([]);
    expect(problemsOf(specOf('regression', { gate: { thresholds: [{ metric: 'r2', min: -3 }] } }))).toEqual([]);
  });
});
