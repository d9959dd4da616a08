import { describe, expect, it } from 'vitest';
import { defineModel } from '../../src/define-model.js';
import { SpecInvalidError } from '../../src/errors.js';
import type { ModelSpecInput } from '../../src/spec.js';
import { toySpec } from '../support/toy-data.js';

type SearchInput = NonNullable<ModelSpecInput['search']>;

function problemsOf(search: SearchInput, changes: Partial<ModelSpecInput> = {}): string[] {
  try {
    defineModel(toySpec('toy', 'data', { trainer: {}, search, ...changes }));
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
    ['a metric of another task', { space: { depth }, metric: 'rmse' }, 'search.metric: found "rmse", want one of auc'],
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
    const given = { trainer: { parameters: { depth: 3 } } };
    expect(problemsOf({ space: { depth } }, given)[0]).toContain('found a value of its own under trainer.parameters');
  });

  it('takes any metric of a trainer of yours, once it is said which way is better', () => {
    const own = { trainer: { command: ['./train'] } };
    expect(problemsOf({ space: { depth }, metric: 'profit' }, own)[0]).toContain('want search.direction beside it');
    expect(problemsOf({ space: { depth }, metric: 'profit', direction: 'maximize' }, own)).toEqual([]);
  });
});
