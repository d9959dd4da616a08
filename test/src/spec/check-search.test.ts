import { describe, expect, it } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import { SpecInvalidError } from '../../../src/errors.js';
import type { ModelSpecInput } from '../../../src/spec/spec.js';
import { toySpec } from '../../support/toy-data.js';

type SearchInput = NonNullable<ModelSpecInput['search']>;

function problemsOf(search: SearchInput, changes: Partial<ModelSpecInput> = {}): string[] {
  try {
    defineModel(toySpec('toy', 'data', { trainer: { command: ['./train'] }, search, ...changes }));
    return [];
  } catch (error) {
    if (!(error instanceof SpecInvalidError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const rate = { type: 'float', low: 0.01, high: 1, log: true } as const;
const depth = { type: 'int', low: 1, high: 8 } as const;
const kind = { type: 'categorical' as const, values: ['a', 'b'] };

describe('the search of a spec', () => {
  it.each<[string, SearchInput]>([
    ['nothing but a space', { space: { rate, depth } }],
    ['conditions', { space: { kind, rate: { ...rate, when: { kind: ['a'] } } } }],
    ['a grid', { sampler: 'grid', space: { depth, kind, share: { type: 'float', low: 0, high: 1, step: 0.25 } } }],
    ['a metric of the task', { space: { depth }, metric: 'logLoss' }],
  ])('may have %s', (_, search) => {
    expect(problemsOf(search)).toEqual([]);
  });

  it.each<[string, SearchInput, string]>([
    [
      'a range without values',
      { space: { depth: { ...depth, high: 1 } } },
      'search.space.depth.high: found 1, want more',
    ],
    [
      'the logarithm of 0',
      { space: { rate: { ...rate, low: 0 } } },
      'search.space.rate.low: found 0, want more than 0',
    ],
    [
      'a step beside log',
      { space: { rate: { ...rate, step: 0.1 } } },
      'search.space.rate.step: found a step beside log',
    ],
    [
      'a condition on what is not there',
      { space: { kind, depth: { ...depth, when: { knid: ['a'] } } } },
      'search.space.depth.when.knid: found no dimension "knid", want one of search.space; did you mean "kind"?',
    ],
    [
      'a condition that is never met',
      { space: { kind, depth: { ...depth, when: { kind: ['c'] } } } },
      'search.space.depth.when.kind[0]: found "c", which "kind" never is',
    ],
    [
      'conditions in a circle',
      { space: { kind: { ...kind, when: { depth: [1] } }, depth: { ...depth, when: { kind: ['a'] } } } },
      'search.space.kind.when: found a condition that depends on "kind" itself',
    ],
    ['a grid without end', { sampler: 'grid', space: { rate } }, 'search.space.rate: found a float without a step'],
    [
      'a grid that is too large',
      { sampler: 'grid', space: { a: { type: 'int', low: 1, high: 500 }, b: { type: 'int', low: 1, high: 500 } } },
      'search.space: found a grid of more than 100000 points',
    ],
    [
      'names for cmaes',
      { sampler: 'cmaes', space: { depth, kind } },
      'search.space.kind.type: found categorical, which',
    ],
    [
      'money without a price',
      { space: { depth }, budget: { money: 5 } },
      'search.budget.money: found no price of an hour',
    ],
  ])('may not have %s', (_, search, problem) => {
    const [first = '', ...rest] = problemsOf(search);
    expect(first.slice(0, problem.length)).toBe(problem);
    expect(rest.every((each) => each.includes('depends on'))).toBe(true);
  });

  it('searches nothing that the spec gives a value', () => {
    const given = { trainer: { command: ['./train'], parameters: { depth: 3 } } };
    expect(problemsOf({ space: { depth } }, given)[0]).toContain('found a value of its own under trainer.parameters');
  });

  it('takes any metric of a trainer of yours, once it is said which way is better', () => {
    expect(problemsOf({ space: { depth }, metric: 'profit' })[0]).toContain('want search.direction beside it');
    expect(problemsOf({ space: { depth }, metric: 'profit', direction: 'maximize' })).toEqual([]);
  });
});

describe('the search of a built-in estimator', () => {
  const trainer = { estimator: 'gradient-boosting' };
  const share = { type: 'float', low: 0.001, high: 1 } as const;
  const early = { type: 'categorical' as const, values: [true, false] };
  const when = { early_stopping: [true] };

  it.each<[string, SearchInput]>([
    ['its parameters, up to their bounds', { space: { learning_rate: rate, max_depth: { ...depth, high: 64 } } }],
    ['those of every estimator', { space: { threads: { type: 'categorical', values: [1, 2] } } }],
    ['conditions', { space: { early_stopping: early, n_iter_no_change: { ...depth, when } } }],
    ['whole numbers in steps of a float', { space: { max_iter: { type: 'float', low: 50, high: 200, step: 50 } } }],
    ['a choice of shares', { space: { max_features: { type: 'categorical', values: [0.5, 1] } } }],
  ])('may have %s', (_, search) => {
    expect(problemsOf(search, { trainer })).toEqual([]);
  });

  it.each<[string, SearchInput, string]>([
    [
      'a name that it does not know',
      { space: { learnin_rate: rate } },
      'learnin_rate: found "learnin_rate", which is no parameter of gradient-boosting, want one of max_iter, learning_rate, max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization, max_features, max_bins, early_stopping, n_iter_no_change, tol, threads, shuffle_labels; did you mean "learning_rate"?',
    ],
    [
      'a name of every object',
      { space: { constructor: depth } },
      'constructor: found "constructor", which is no parameter of gradient-boosting',
    ],
    [
      'a range that begins too low',
      { space: { max_leaf_nodes: depth } },
      'max_leaf_nodes.low: found 1, want a whole number from 2 to 1024',
    ],
    [
      'a range that ends too high',
      { space: { max_features: { ...share, high: 1.5 } } },
      'max_features.high: found 1.5, want a number from 0.001 to 1',
    ],
    [
      'fractions of a whole number',
      { space: { max_depth: { type: 'float', low: 1, high: 8 } } },
      'max_depth.type: found float, want int, as it is a whole number from 1 to 64',
    ],
    [
      'a range of true and false',
      { space: { early_stopping: { type: 'int', low: 0, high: 1 } } },
      'early_stopping.type: found int, want categorical, as it is true or false',
    ],
    [
      'a choice of the wrong type',
      { space: { max_depth: { type: 'categorical', values: [4, 'auto'] } } },
      'max_depth.values[1]: found "auto", want a whole number from 1 to 64',
    ],
    [
      'a choice out of bounds, of a dimension with a condition',
      { space: { early_stopping: early, n_iter_no_change: { type: 'categorical', values: [5, 0], when } } },
      'n_iter_no_change.values[1]: found 0, want a whole number from 1 to 1000',
    ],
    [
      'an unknown name with a condition',
      { space: { early_stopping: early, n_iter: { ...depth, when } } },
      'n_iter: found "n_iter", which is no parameter of gradient-boosting',
    ],
  ])('may not have %s', (_, search, problem) => {
    const found = problemsOf(search, { trainer });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`search.space.${problem}`);
  });

  it('may not have a metric of another task', () => {
    const [found] = problemsOf({ space: { max_depth: depth }, metric: 'rmse' }, { trainer });
    expect(found).toContain('search.metric: found "rmse", want one of auc');
  });

  it('is held to the estimator that the spec names', () => {
    const deep = { space: { max_depth: { ...depth, high: 17 } } };
    expect(problemsOf(deep, { trainer: { estimator: 'lightgbm' } })).toEqual([]);
    expect(problemsOf(deep, { trainer: { estimator: 'xgboost' } })[0]).toContain(
      'found 17, want a whole number from 1',
    );
  });
});
