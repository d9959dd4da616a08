import { describe, expect, it } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import { SpecInvalidError } from '../../../src/errors.js';
import type { ModelSpecInput } from '../../../src/spec/spec.js';
import { toySpec } from '../../support/toy-data.js';

type TrainerInput = NonNullable<ModelSpecInput['trainer']>;

function problemsOf(trainer: TrainerInput): string[] {
  try {
    defineModel(toySpec('toy', 'data', { trainer }));
    return [];
  } catch (error) {
    if (!(error instanceof SpecInvalidError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('the parameters of a built-in estimator', () => {
  it.each<[string, TrainerInput]>([
    ['whole numbers, however they are written', { parameters: { max_iter: 50, max_bins: 3.0 } }],
    ['a whole number for any number', { parameters: { learning_rate: 1 } }],
    ['null where there may be no limit', { parameters: { max_depth: null } }],
    ['true and false', { parameters: { early_stopping: true } }],
    ['those of every estimator', { estimator: 'linear', parameters: { threads: 2, shuffle_labels: true } }],
    ['values on their bounds', { estimator: 'lightgbm', parameters: { num_leaves: 1024, subsample: 0.001 } }],
    ['packages of a lock file', { code: 'packages', parameters: { max_iter: 5 } }],
  ])('may be %s', (_, trainer) => {
    expect(problemsOf(trainer)).toEqual([]);
  });

  it.each<[string, TrainerInput['parameters'], string]>([
    [
      'unknown',
      { learnin_rate: 0.1 },
      'learnin_rate: found "learnin_rate", which is no parameter of gradient-boosting, want one of max_iter, learning_rate, max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization, max_features, max_bins, early_stopping, n_iter_no_change, tol, threads, shuffle_labels; did you mean "learning_rate"?',
    ],
    [
      'what every object has',
      { toString: 1 },
      'toString: found "toString", which is no parameter of gradient-boosting, want one of max_iter',
    ],
    ['below their least', { max_iter: 0 }, 'max_iter: found 0, want a whole number from 1 to 10000'],
    ['above their greatest', { learning_rate: 1.5 }, 'learning_rate: found 1.5, want a number from 0.000001 to 1'],
    ['fractions for whole numbers', { max_iter: 1.5 }, 'max_iter: found 1.5, want a whole number'],
    ['text for a number', { max_iter: '100' }, 'max_iter: found "100", want a whole number'],
    ['true for a number', { max_iter: true }, 'max_iter: found true, want a whole number'],
    ['null where there is a limit', { max_iter: null }, 'max_iter: found an empty value, want a whole number'],
    [
      'out of bounds where null would do',
      { max_depth: 0 },
      'max_depth: found 0, want a whole number from 1 to 64 or null',
    ],
    ['a number for true or false', { shuffle_labels: 1 }, 'shuffle_labels: found 1, want true or false'],
    ['lists', { max_iter: [1, 2] }, 'max_iter: found a list of 2, want a whole number'],
  ])('may not be %s', (_, parameters, problem) => {
    for (const kind of ['python', 'process']) {
      const found = problemsOf({ kind, parameters });
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(`trainer.parameters.${problem}`);
    }
  });

  it('are all told at once', () => {
    expect(problemsOf({ parameters: { max_iter: 0, num_leaves: 8, threads: 0 } })).toHaveLength(3);
  });

  it('are those of the estimator that the spec names', () => {
    const [found = ''] = problemsOf({ estimator: 'lightgbm', parameters: { max_iter: 10 } });
    expect(found).toContain('which is no parameter of lightgbm, want one of n_estimators');
  });
});

describe('the parameters of a trainer that is not built in', () => {
  it.each<[string, TrainerInput]>([
    ['a command', { command: ['./train'] }],
    ['an entry', { code: 'churn', entry: 'train.py' }],
    ['an activity', { kind: 'activity', activity: { name: 'train', taskQueue: 'gpu' } }],
    ['a kind handed to the plugin', { kind: 'mine' }],
  ])('may have any name and value: %s', (_, trainer) => {
    expect(problemsOf({ ...trainer, parameters: { epochs: 0, max_iter: 'many', nested: { deep: [null] } } })).toEqual(
      [],
    );
    expect(problemsOf({ ...trainer, parameters: { ' ': 1 } })[0]).toContain('want 1 to 200 characters');
  });

  it.each([
    ['command', './train.sh'],
    ['entry', ['train.py']],
  ])('are not judged by an estimator that nobody asked for, though the %s is written wrongly', (name, value) => {
    const found = problemsOf({ code: 'churn', [name]: value, parameters: { depth: 3 } });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`trainer.${name}: found`);
  });

  it('are not judged by an estimator that there is not', () => {
    const found = problemsOf({ estimator: 'gradient-bosting', parameters: { max_itre: 1 } });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('trainer.estimator: found "gradient-bosting"');
  });
});
