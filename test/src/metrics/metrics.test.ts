import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricName } from '../../../src/domain/evaluation.js';
import { metricFacts, taskMetrics } from '../../../src/domain/metric-facts.js';
import type { TaskKind } from '../../../src/domain/task.js';
import { taskMeasures } from '../../../src/metrics/index.js';
import { CLASS_NUMBERS, judgeClasses } from '../../../src/metrics/judge-classes.js';
import type { Metric, ScoredRows } from '../../../src/metrics/metric.js';
import { LANES, onAllBlocks } from '../../../src/statistics/block-bootstrap.js';
import { golden } from '../../golden/golden.js';

interface GoldenCase {
  readonly rows: ScoredRows;
  readonly blocks: readonly number[];
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>;
  readonly resamples: readonly {
    readonly counts: readonly number[];
    readonly metrics: Readonly<Partial<Record<MetricName, number>>>;
  }[];
}

const CASES: Readonly<Record<TaskKind, readonly (GoldenCase & { readonly name: string })[]>> = {
  binary: golden('metrics.json').cases.map((each) => ({
    ...each,
    rows: { labels: Uint8Array.from(each.labels), scores: Float64Array.from(each.scores) },
  })),
  multiclass: golden('multiclass.json').cases.map(({ labels, classes, shares, ...each }) => {
    const scores = new Float64Array(labels.length * CLASS_NUMBERS);
    judgeClasses({ labels, classes, shares: Float64Array.from(shares.flat()) }, scores);
    return { ...each, rows: { labels: Int32Array.from(labels), scores } };
  }),
  regression: golden('regression.json').cases.map((each) => ({
    ...each,
    rows: { labels: Float64Array.from(each.labels), scores: Float64Array.from(each.scores) },
  })),
};

function valueOf(metric: Metric, rows: ScoredRows): number {
  const blocks = { of: Int32Array.from(rows.labels, (_, row) => row), count: rows.labels.length };
  return onAllBlocks(metric.prepare(rows, blocks), blocks.count);
}

function expectSame(found: number, wanted: number): void {
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(wanted)));
}

describe.each(['binary', 'multiclass', 'regression'] as const)('the metrics of a %s task', (kind) => {
  const { metrics } = taskMeasures[kind];
  const names = Object.keys(metrics) as MetricName[]; // the table has no other keys
  const metricOf = (name: MetricName): Metric => metrics[name]!;

  it('are those of the facts, under their own names', () => {
    expect(names.toSorted()).toEqual(taskMetrics[kind].metrics.toSorted());
    for (const name of names) expect(metricOf(name).name).toBe(name);
    for (const name of names) expect(metricFacts[name].label).not.toBe('');
  });

  it.each(CASES[kind])('are what scikit-learn says: $name', ({ rows, metrics: wanted }) => {
    for (const name of names) expectSame(valueOf(metricOf(name), rows), wanted[name]!);
  });

  it.each(CASES[kind])('are what scikit-learn says of resampled blocks: $name', ({ rows, blocks, resamples }) => {
    const count = Math.max(...blocks) + 1;
    const counts = new Float64Array(count * LANES);
    resamples.forEach((resample, lane) => resample.counts.forEach((times, b) => (counts[b * LANES + lane] = times)));
    for (const name of names) {
      const out = new Float64Array(LANES + 1);
      metricOf(name)
        .prepare(rows, { of: Int32Array.from(blocks), count })
        .replicate(counts, out, 1);
      resamples.forEach(({ metrics: wanted }, lane) => expectSame(out[lane + 1]!, wanted[name]!));
    }
  });
});

function binaryValue(name: 'auc' | 'accuracy', labels: readonly number[], scores: readonly number[]): number {
  const rows = { labels: Uint8Array.from(labels), scores: Float64Array.from(scores) };
  return valueOf(taskMeasures.binary.metrics[name]!, rows);
}

describe('AUC', () => {
  it('counts the pairs that are in order, ties for half, whatever the scores', () => {
    const row = fc.record({
      label: fc.constantFrom(0, 1),
      score: fc.oneof(fc.constantFrom(0, 0.1, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
        const trues = rows.filter(({ label }) => label === 1);
        const falses = rows.filter(({ label }) => label === 0);
        let won = 0;
        for (const one of trues) {
          for (const other of falses) won += one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0;
        }
        const found = binaryValue(
          'auc',
          rows.map(({ label }) => label),
          rows.map(({ score }) => score),
        );
        expect(found).toBe(trues.length * falses.length === 0 ? Number.NaN : won / (trues.length * falses.length));
      }),
      { numRuns: 300, seed: 2 },
    );
  });
});

describe('accuracy', () => {
  it('takes a probability of exactly one half as false', () => {
    expect(binaryValue('accuracy', [0, 1], [0.5, 0.5])).toBe(0.5);
    expect(binaryValue('accuracy', [1], [0.5])).toBe(0);
  });
});

describe('R²', () => {
  it('is not defined for labels that are all equal, however far from zero', () => {
    const labels = Float64Array.from({ length: 9 }, () => 1e9 + 0.1);
    const { r2 } = taskMeasures.regression.metrics;
    expect(valueOf(r2!, { labels, scores: new Float64Array(9) })).toBeNaN();
  });
});
