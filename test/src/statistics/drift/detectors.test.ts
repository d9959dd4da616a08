import { describe, expect, it } from 'vitest';
import type { NumberProfile } from '../../../../src/domain/profile.js';
import { chi2 } from '../../../../src/statistics/drift/chi2.js';
import { js } from '../../../../src/statistics/drift/js.js';
import { ks } from '../../../../src/statistics/drift/ks.js';
import { missing } from '../../../../src/statistics/drift/missing.js';
import { psi } from '../../../../src/statistics/drift/psi.js';
import { wasserstein } from '../../../../src/statistics/drift/wasserstein.js';
import { quantileOf } from '../../../../src/statistics/histogram.js';
import { golden, type SampleGolden } from '../../../golden/golden.js';

const drift = golden('drift.json');

const detectors = { psi, js, ks, chi2 };

describe.each(Object.entries(detectors))('%s', (name, detector) => {
  it.each(drift.counts)('of "$name" has the size and the p-value that SciPy gives', (counts) => {
    const [effect, pValue] = counts[name as keyof typeof detectors];
    const shift = detector(counts);
    expect(shift.effect).toBeCloseTo(effect, 10);
    expect(Math.abs(shift.pValue - pValue)).toBeLessThan(1e-9 + 1e-7 * pValue);
  });

  it('says nothing of bins that are empty on both sides', () => {
    const counts = { reference: [10, 20, 30], current: [30, 20, 10] };
    const padded = { reference: [0, 10, 20, 0, 30, 0], current: [0, 30, 20, 0, 10, 0] };
    expect(detector(padded)).toEqual(detector(counts));
  });

  it('sees no shift in a single bin', () => {
    expect(detector({ reference: [100], current: [70] })).toEqual({ effect: 0, pValue: 1 });
  });
});

describe('chi2', () => {
  it('gives a shift the same size however many rows a side has', () => {
    const few = chi2({ reference: [50, 50], current: [80, 20] });
    const many = chi2({ reference: [5_000_000, 5_000_000], current: [80, 20] });
    expect(many.effect).toBeCloseTo(few.effect, 12);
  });
});

describe('missing', () => {
  it.each(drift.missing)(
    'of $missing in $rows is what statsmodels says',
    ({ missing: count, rows, effect, pValue }) => {
      const shift = missing({ rows: rows[0], missing: count[0] }, { rows: rows[1], missing: count[1] });
      expect(shift.effect).toBeCloseTo(effect, 12);
      expect(shift.pValue).toBeCloseTo(pValue, 12);
    },
  );

  it('is none when all or no rows have values on both sides', () => {
    expect(missing({ rows: 10, missing: 0 }, { rows: 9, missing: 0 })).toEqual({ effect: 0, pValue: 1 });
    expect(missing({ rows: 10, missing: 10 }, { rows: 9, missing: 9 })).toEqual({ effect: 0, pValue: 1 });
  });
});

describe('wasserstein', () => {
  it.each(drift.samples)('of "$name" is what SciPy says of the values, as far as fifty bins can tell', (sample) => {
    const { effect } = wasserstein(numbers(sample.edges, sample.reference), numbers(sample.edges, sample.current));
    // Beyond what the reference has there are no edges: a shift that far is seen, but only roughly measured.
    const tolerance = sample.wasserstein > 0.5 ? sample.wasserstein / 2 : 0.01;
    expect(Math.abs(effect - sample.wasserstein)).toBeLessThan(tolerance);
  });

  it('measures a constant that has moved by its size', () => {
    const constant = (value: number): NumberProfile => ({
      ...numbers([9.99, 10.01], { count: 1000, min: value, max: value, mean: value, deviation: 0, counts: [] }),
      histogram: { edges: [9.99, 10.01], counts: value > 10.01 ? [0, 0, 1000] : [0, 1000, 0] },
    });
    expect(wasserstein(constant(10), constant(12))).toEqual({ effect: 0.2, pValue: expect.closeTo(0, 6) });
    expect(wasserstein(constant(10), constant(10))).toEqual({ effect: 0, pValue: 1 });
  });
});

describe('ks', () => {
  it.each(drift.samples)('of "$name" is at most what SciPy says of the values, by less than a bin', (sample) => {
    const { effect } = ks({ reference: sample.reference.counts, current: sample.current.counts });
    expect(effect).toBeLessThanOrEqual(sample.ks + 1e-12);
    const widest = Math.max(...sample.current.counts) / sample.current.count;
    expect(effect).toBeGreaterThan(sample.ks - Math.min(0.02, widest));
  });
});

describe('quantileOf', () => {
  it.each(drift.samples)('of "$name" is near the value itself', ({ edges, reference, quantiles }) => {
    for (const [share, value] of quantiles) {
      const ours = quantileOf(numbers(edges, reference), share) ?? Number.NaN;
      expect(Math.abs(ours - value)).toBeLessThan(reference.deviation * 0.06 + (reference.max === 14 ? 0.5 : 0));
    }
  });
});

function numbers(edges: readonly number[], { counts, ...facts }: SampleGolden): NumberProfile {
  return { ...facts, nans: 0, infinities: 0, zeros: 0, negatives: 0, histogram: { edges, counts } };
}
