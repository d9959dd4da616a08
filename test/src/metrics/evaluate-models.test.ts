import { describe, expect, it } from 'vitest';
import { DataEmptyError, ModelUnusableError } from '../../../src/errors.js';
import { evaluateModels, MOST_BLOCKS, type EvaluateModelsInput } from '../../../src/metrics/evaluate-models.js';
import { golden } from '../../golden/golden.js';
import { rowsAsBlocks, simulatedRows } from './simulated-rows.js';

const input = simulatedRows({ seed: 1, blocks: 40, rowsPerBlock: 10 });
const names = ['auc', 'brier', 'logLoss', 'accuracy'] as const;

describe('evaluateModels', () => {
  it('counts rows, positives and blocks', () => {
    const { rows, positives, blocks } = evaluateModels(input);
    expect({ rows, blocks }).toEqual({ rows: 400, blocks: 40 });
    expect(positives).toBe(input.labels.filter((label) => label === 1).length);
  });

  it('gives the same numbers for the same input and seed, other intervals for another seed', () => {
    expect(evaluateModels(input)).toEqual(evaluateModels(input));
    const other = evaluateModels({ ...input, seed: 2 });
    expect(other.candidate.auc?.value).toBe(evaluateModels(input).candidate.auc?.value);
    expect(other.candidate.auc?.low).not.toBe(evaluateModels(input).candidate.auc?.low);
  });

  it('takes differences of the exact values', () => {
    const { candidate, champion, baseline, difference, skill } = evaluateModels(input);
    for (const name of names) {
      const own = candidate[name]?.value ?? Number.NaN;
      expect(difference?.[name]?.value).toBe(own - (champion?.[name]?.value ?? Number.NaN));
      expect(skill[name]?.value).toBe(own - (baseline.metrics[name]?.value ?? Number.NaN));
    }
  });

  it('gives the baseline an AUC of exactly one half, in every resample', () => {
    const { baseline } = evaluateModels(input);
    expect(baseline).toMatchObject({ positiveShare: 0.3 });
    expect(baseline.metrics.auc).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
  });

  it('finds no difference, with an interval of no width, between a model and itself', () => {
    const models = { candidate: input.models.candidate, champion: input.models.candidate };
    const { difference } = evaluateModels({ ...input, models });
    for (const name of names) expect(difference?.[name]).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('pairs: the difference of two like models is known far better than either', () => {
    const champion = input.models.candidate.map((score) => score * 0.99);
    const { candidate, difference } = evaluateModels({ ...input, models: { ...input.models, champion } });
    const width = ({ low, high } = { low: 0, high: 0 }): number => high - low;
    expect(width(difference?.brier)).toBeLessThan(0.05 * width(candidate.brier));
  });

  it('leaves champion and difference out when there is no champion, and metrics that were not asked for', () => {
    const found = evaluateModels({ ...input, models: { candidate: input.models.candidate }, metrics: ['brier'] });
    expect(Object.keys(found).toSorted()).toEqual(['baseline', 'blocks', 'candidate', 'positives', 'rows', 'skill']);
    expect(Object.keys(found.candidate)).toEqual(['brier']);
  });

  it('leaves AUC out, and nothing else, when there is one class only', () => {
    const found = evaluateModels({ ...input, labels: new Uint8Array(400) });
    expect(Object.keys(found.candidate).toSorted()).toEqual(['accuracy', 'brier', 'logLoss']);
    expect(Object.keys(found.skill).toSorted()).toEqual(['accuracy', 'brier', 'logLoss']);
    expect(JSON.stringify(found)).not.toContain('null');
  });

  it('leaves AUC out when too many resamples lack a class: all true rows in one block', () => {
    const labels = input.blocks.map((block, row) => (block === 3 && row % 2 === 0 ? 1 : 0));
    expect(evaluateModels({ ...input, labels: Uint8Array.from(labels) }).candidate.auc).toBeUndefined();
  });

  it.each(names)('gives the %s intervals of SciPy', (name) => {
    const { labels, candidate, champion, candidateIntervals, differenceIntervals } = golden('bootstrap.json');
    const found = evaluateModels({
      kind: 'binary',
      labels: Uint8Array.from(labels),
      blocks: Int32Array.from(labels, (_, row) => row),
      models: { candidate: Float64Array.from(candidate), champion: Float64Array.from(champion) },
      baseline: [0.3],
      metrics: [name],
      resamples: 20_000,
      confidence: 0.95,
      seed: 11,
    });
    for (const [mine, [low, high]] of [
      [found.candidate[name], candidateIntervals[name]],
      [found.difference?.[name], differenceIntervals[name]],
    ] as const) {
      // Two bootstraps of 20,000 resamples: an end is known to about 1 % of the width.
      expect(Math.abs((mine?.low ?? Number.NaN) - low)).toBeLessThan(0.03 * (high - low));
      expect(Math.abs((mine?.high ?? Number.NaN) - high)).toBeLessThan(0.03 * (high - low));
    }
  });

  it('joins more blocks than it resamples, and the intervals stay as wide', () => {
    const many = rowsAsBlocks(simulatedRows({ seed: 5, blocks: 3 * MOST_BLOCKS, rowsPerBlock: 1, resamples: 1000 }));
    const found = evaluateModels({ ...many, metrics: ['brier'] });
    const losses = many.labels.reduce<number[]>((all, label, row) => {
      all.push(((many.models.candidate[row] ?? Number.NaN) - label) ** 2);
      return all;
    }, []);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / losses.length);
    const normalWidth = (2 * 1.96 * deviation) / Math.sqrt(losses.length);
    const { low, high } = found.candidate.brier ?? { low: 0, high: 0 };
    expect(found.blocks).toBe(3 * MOST_BLOCKS);
    expect((high - low) / normalWidth).toBeGreaterThan(0.9);
    expect((high - low) / normalWidth).toBeLessThan(1.1);
  });

  const scores = input.models.candidate;
  const refused: [string, Partial<EvaluateModelsInput>, unknown, string][] = [
    ['no rows', { labels: new Uint8Array(0) }, DataEmptyError, 'found no test rows'],
    [
      'a score of NaN',
      { models: { candidate: scores.with(7, Number.NaN) } },
      ModelUnusableError,
      'found NaN for row 7',
    ],
    ['a score above 1', { models: { candidate: scores.with(0, 1.5) } }, ModelUnusableError, 'found 1.5 for row 0'],
    [
      'a champion that answered too few rows',
      { models: { candidate: scores, champion: scores.subarray(1) } },
      ModelUnusableError,
      'Cannot evaluate the champion: found 399 scores for 400 rows',
    ],
    ['a label of 2', { labels: input.labels.with(0, 2) }, RangeError, 'found the label 2, which a binary task has not'],
    ['blocks with a gap', { blocks: input.blocks.map((block) => block * 2) }, RangeError, 'no row is in block 1'],
    ['a negative block', { blocks: input.blocks.with(0, -1) }, RangeError, 'found block -1'],
    ['too few blocks', { blocks: input.blocks.subarray(1) }, RangeError, 'found 399 blocks'],
    ['no resamples', { resamples: 0 }, RangeError, '0 resamples'],
    ['confidence in percent', { confidence: 95 }, RangeError, 'confidence 95'],
    ['a baseline that is no share', { baseline: [Number.NaN] }, RangeError, 'the baseline NaN'],
    ['a metric of another task', { metrics: ['rmse'] }, RangeError, 'a binary task has no metric rmse'],
  ];
  it.each(refused)('refuses %s', (_, change, type, message) => {
    const run = (): unknown => evaluateModels({ ...input, ...change });
    expect(run).toThrow(message);
    expect(run).toThrow(type);
  });
});
