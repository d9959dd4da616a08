import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricName } from '../../../src/domain/evaluation.js';
import { metrics } from '../../../src/metrics/index.js';
import { LANES, onAllBlocks } from '../../../src/statistics/block-bootstrap.js';
import { metricFacts } from '../../../src/statistics/metric-facts.js';
import { golden } from '../../golden/golden.js';

const names = Object.keys(metrics) as MetricName[]; // the table has exactly these keys
const { cases } = golden('metrics.json');

function valueOf(name: MetricName, labels: readonly number[], scores: readonly number[]): number {
  const blocks = { of: Int32Array.from(labels, (_, row) => row), count: labels.length };
  const rows = { labels: Uint8Array.from(labels), scores: Float64Array.from(scores) };
  return onAllBlocks(metrics[name].prepare(rows, blocks), blocks.count);
}

describe.each(names)('metric %s', (name) => {
  it('stands in the table under its own name and in the facts', () => {
    expect(metrics[name].name).toBe(name);
    expect(metricFacts[name].label).not.toBe('');
  });

  it.each(cases)('is what scikit-learn says: $name', ({ labels, scores, metrics: wanted }) => {
    expect(Math.abs(valueOf(name, labels, scores) - wanted[name])).toBeLessThan(1e-12 * Math.max(1, wanted[name]));
  });

  it.each(cases)('is what scikit-learn says of resampled blocks: $name', ({ labels, scores, blocks, resamples }) => {
    const count = Math.max(...blocks) + 1;
    const rows = { labels: Uint8Array.from(labels), scores: Float64Array.from(scores) };
    const statistic = metrics[name].prepare(rows, { of: Int32Array.from(blocks), count });
    const counts = new Float64Array(count * LANES);
    resamples.forEach((resample, lane) => resample.counts.forEach((times, b) => (counts[b * LANES + lane] = times)));
    const out = new Float64Array(LANES + 1);
    statistic.replicate(counts, out, 1);
    resamples.forEach(({ metrics: wanted }, lane) => {
      const found = out[lane + 1] as number;
      expect(Math.abs(found - wanted[name])).toBeLessThan(1e-12 * Math.max(1, wanted[name]));
    });
  });
});

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
        const found = valueOf(
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
    expect(valueOf('accuracy', [0, 1], [0.5, 0.5])).toBe(0.5);
    expect(valueOf('accuracy', [1], [0.5])).toBe(0);
  });
});
