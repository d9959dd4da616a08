import { describe, expect, it } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import { SpecInvalidError } from '../../../src/errors.js';
import type { ModelSpecInput } from '../../../src/spec/spec.js';
import { toySpec } from '../../support/toy-data.js';

function problemsOf(split: ModelSpecInput['split'], changes: Partial<ModelSpecInput> = {}): string[] {
  try {
    defineModel(toySpec('toy', 'data', { split, ...changes }));
    return [];
  } catch (error) {
    if (!(error instanceof SpecInvalidError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}
const file = { kind: 'file', path: 'data' } as const;

describe('the split of a spec', () => {
  it.each<[string, ModelSpecInput['split']]>([
    ['windows with a gap', { by: 'time', train: 'all', gap: '12h' }],
    ['groups', { by: 'group', columns: ['channel', 'price'], last: '90d' }],
    ['rows by their key', { by: 'hash', columns: ['visits'], validation: 0.1, test: 0.5 }],
    ['classes', { by: 'stratified', columns: ['visits'] }],
  ])('may be by %s', (_, split) => {
    expect(problemsOf(split)).toEqual([]);
  });

  it('may have a test set of its own', () => {
    const split = { by: 'fixed' as const, source: 'exam', key: ['visits'] };
    expect(problemsOf(split, { sources: { visits: file, exam: file }, prepare: 'features.sql' })).toEqual([]);
  });

  it.each<[string, ModelSpecInput['split'], string]>([
    ['a gap without end', { by: 'time', gap: '200000d' }, 'split.gap: found "200000d", want 0s to 36500d'],
    ['a window of nothing', { by: 'time', train: '0s' }, 'split.train: found "0s", want 1s to 36500d'],
    ['a stretch of nothing', { by: 'hash', columns: ['a'], last: '0d' }, 'split.last: found "0d", want 1s to 36500d'],
    [
      'shares that leave nothing to train on',
      { by: 'hash', columns: ['a'], validation: 0.5, test: 0.5 },
      'split.validation: found 0.5 beside test 0.5, want less than 1 together: the rest is what trains',
    ],
    [
      'a key that is the answer',
      { by: 'group', columns: ['a', 'Bought'] },
      'split.columns.1: found the label "Bought", want columns that are known without the answer',
    ],
    [
      'a key twice',
      { by: 'stratified', columns: ['a', 'a'] },
      'split.columns.1: found "a" a second time, want each name once',
    ],
    [
      'a test set of nowhere',
      { by: 'fixed', source: 'exam', key: ['a'] },
      'split.source: found no source "exam", want visits',
    ],
    [
      'a test set that is all there is',
      { by: 'fixed', source: 'visits', key: ['a'] },
      'split.source: found the only source, want another one to train on',
    ],
  ])('is refused with %s', (_, split, problem) => {
    expect(problemsOf(split).map((text) => text.replace(/\[(\d+)\]/, '.$1'))).toEqual([problem]);
  });

  it('is refused with a label that is known after more than a life', () => {
    const { task } = toySpec('toy', 'data');
    expect(problemsOf({ by: 'time' }, { task: { ...task, labelDelay: '40000d' } })).toEqual([
      'task.labelDelay: found "40000d", want 0s to 36500d',
    ]);
  });
});
