import { describe, expect, it } from 'vitest';
import type { DriftFinding } from '../../../../src/domain/drift.js';
import type { ColumnProfile, TableProfile } from '../../../../src/domain/profile.js';
import { compareProfiles, type CompareOptions } from '../../../../src/statistics/drift/compare-profiles.js';
import { histogramEdges } from '../../../../src/statistics/histogram-edges.js';
import { ProfileBuilder } from '../../../../src/statistics/profile-builder.js';
import { Random } from '../../../../src/statistics/random.js';

const WHERE = { kind: 'data', table: 'flights' } as const;
const OPTIONS: CompareOptions = { numbers: 'psi', categories: 'psi', falseDiscovery: 0.05, minRows: 500 };

const random = new Random(11);
const uniform = () => random.uniform();
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** Columns as rows come: of each a value. NaN and '' are missing. */
type Draw = Readonly<Record<string, () => number | string>>;

const QUIET: Draw = {
  normal,
  skewed: () => Math.exp(normal()),
  zeros: () => (uniform() < 0.6 ? 0 : uniform()),
  counts: () => Math.floor(-Math.log(1 - uniform()) * 4),
  holes: () => (uniform() < 0.1 ? Number.NaN : uniform()),
  constant: () => 7,
  few: () => 'abcde'[Math.floor(uniform() ** 2 * 5)] ?? '',
  many: () => `city ${Math.floor(uniform() ** 3 * 300)}`,
  even: () => `item ${Math.floor(uniform() * 40)}`,
  // Far more values than a profile names.
  wide: () => `user ${Math.floor(uniform() ** 2 * 900)}`,
};

function profileOf(draw: Draw, rows: number, like?: TableProfile): TableProfile {
  const values = Object.entries(draw).map(([name, next]) => ({ name, values: Array.from({ length: rows }, next) }));
  const columns = values.map(({ name, values: [first] }) => ({
    name,
    type: typeof first === 'string' ? ('string' as const) : ('number' as const),
  }));
  const edges = values.flatMap(({ name, values: some }): ColumnProfile[] => {
    if (typeof some[0] === 'string') return [];
    const sorted = Float64Array.from(some, Number)
      .filter((value) => !Number.isNaN(value))
      .toSorted();
    const histogram = { edges: histogramEdges(sorted), counts: [] };
    const numbers = { count: 0, nans: 0, infinities: 0, zeros: 0, negatives: 0, histogram };
    return [{ name, type: 'number', rows: 0, nulls: 0, numbers }];
  });
  const builder = new ProfileBuilder(columns, like ?? { rows: 0, columns: edges });
  builder.add(rows, Object.fromEntries(values.map(({ name, values: some }) => [name, some as number[]])));
  return builder.profile();
}

function find(findings: readonly DriftFinding[], column: string, detector?: DriftFinding['detector']): DriftFinding {
  const found = findings.find((each) => each.column === column && (detector ?? each.detector) === each.detector);
  if (!found) throw new Error(`no finding for ${column}`);
  return found;
}

describe('compareProfiles', () => {
  const pairs = [
    ['psi', 'psi'],
    ['js', 'js'],
    ['ks', 'chi2'],
    ['wasserstein', 'chi2'],
  ] as const;

  const quiet = Array.from({ length: 120 }, () => {
    const reference = profileOf(QUIET, 3000);
    return { reference, current: profileOf(QUIET, 600, reference) };
  });

  it.each(pairs)(
    'by %s and %s gives no more false alarms than asked for, over many quiet weeks',
    (numbers, categories) => {
      const small: number[] = [];
      let alarms = 0;
      for (const { reference, current } of quiet) {
        // Any size counts: only chance is tested.
        const findings = compareProfiles(reference, current, { ...OPTIONS, numbers, categories, effect: 1e-12 }, WHERE);
        expect(findings).toHaveLength(20);
        if (findings.some(({ state }) => state === 'drift')) alarms += 1;
        for (const { detector, pValue = 1 } of findings) if (detector !== 'missing') small.push(pValue < 0.05 ? 1 : 0);
      }
      // 0.05 of the weeks are 6; 13 are three deviations more.
      expect(alarms).toBeLessThanOrEqual(13);
      const share = small.reduce((sum, each) => sum + each, 0) / small.length;
      expect(share).toBeLessThan(0.06);
      expect(share).toBeGreaterThan(0.01);
    },
  );

  it('finds what has shifted and nothing else', () => {
    const reference = profileOf(QUIET, 20_000);
    const shifted: Draw = {
      ...QUIET,
      normal: () => normal() + 0.7,
      skewed: () => Math.exp(normal() + 0.7),
      holes: () => (uniform() < 0.3 ? Number.NaN : uniform()),
      constant: () => 8,
      few: () => 'abcde'[Math.floor(uniform() ** 0.8 * 5)] ?? '',
      even: () => (uniform() < 0.3 ? 'brand new' : `item ${Math.floor(uniform() * 40)}`),
    };
    const current = profileOf(shifted, 2000, reference);
    for (const [numbers, categories] of pairs) {
      const findings = compareProfiles(reference, current, { ...OPTIONS, numbers, categories }, WHERE);
      const drifted = findings
        .filter(({ state }) => state === 'drift')
        .map((each) => `${each.column} ${each.detector}`);
      expect(drifted.toSorted()).toEqual(
        [
          `constant ${numbers}`,
          `even ${categories}`,
          `few ${categories}`,
          'holes missing',
          `normal ${numbers}`,
          `skewed ${numbers}`,
        ].toSorted(),
      );
    }
  });

  it('says in a sentence what has shifted, from what to what', () => {
    const reference = profileOf({ x: normal, s: () => 'ab'[Math.floor(uniform() * 2)] ?? '' }, 10_000);
    const current = profileOf(
      { x: () => (uniform() < 0.25 ? Number.NaN : normal() + 2), s: () => (uniform() < 0.1 ? 'a' : 'b') },
      1000,
      reference,
    );
    const findings = compareProfiles(reference, current, OPTIONS, WHERE);
    expect(find(findings, 'x', 'psi').message).toMatch(
      /^"x": (median|lowest twentieth below|highest twentieth above) -?[\d.]+, now [\d.]+ \(psi [\d.]+, drift from 0\.2; p [\de.-]+\)$/,
    );
    expect(find(findings, 'x', 'missing').message).toMatch(
      /^"x": missing in 0 % of the rows, now 2\d(\.\d)? % \(missing/,
    );
    expect(find(findings, 's', 'psi').message).toMatch(
      /^"s": "[ab]" in [45]\d(\.\d)? % of the values, now (\d|1\d|8\d|9\d)(\.\d+)? % \(psi/,
    );
  });

  it('calls nothing drift that is certain and small', () => {
    const reference = profileOf({ x: normal }, 100_000);
    const current = profileOf({ x: () => normal() + 0.05 }, 100_000, reference);
    for (const [numbers] of pairs) {
      const found = find(compareProfiles(reference, current, { ...OPTIONS, numbers }, WHERE), 'x', numbers);
      expect(found).toMatchObject({ state: 'stable' });
      expect(found.pValue).toBeLessThan(1e-6);
    }
  });

  it('says neither yes nor no of few rows', () => {
    const reference = profileOf({ x: normal, s: () => 'a' }, 5000);
    const current = profileOf({ x: () => normal() + 9, s: () => 'b' }, 499, reference);
    const findings = compareProfiles(reference, current, OPTIONS, WHERE);
    expect(findings.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'not-enough-data'));
    expect(findings[0]?.message).toBe('"x": not compared, with 5,000 rows before and 499 now, want 500 on both sides');
    expect(findings[0]).not.toHaveProperty('effect');
  });

  it('says neither yes nor no of values that nobody counted', () => {
    const ids: TableProfile = {
      rows: 1000,
      columns: [{ name: 'id', type: 'string', rows: 1000, nulls: 0, distinct: 990 }],
    };
    expect(find(compareProfiles(ids, ids, OPTIONS, WHERE), 'id', 'psi').state).toBe('not-enough-data');
  });

  it('leaves out what only one side has, types that differ, and times; compares what it is told to', () => {
    const column = (name: string, type: ColumnProfile['type']): ColumnProfile => ({
      ...(profileOf({ [name]: normal }, 1000).columns[0] as ColumnProfile),
      type,
    });
    const text: ColumnProfile = { name: 'c', type: 'string', rows: 1000, nulls: 0, top: [{ value: 'a', count: 1000 }] };
    const table = (...columns: ColumnProfile[]): TableProfile => ({ rows: 1000, columns });
    const before = table(
      column('a', 'integer'),
      column('at', 'timestamp'),
      column('b', 'number'),
      column('c', 'number'),
    );
    const now = table(column('a', 'number'), column('at', 'timestamp'), text, column('d', 'number'));
    const named = (options: CompareOptions) =>
      compareProfiles(before, now, options, WHERE).map((each) => `${each.column} ${each.detector}`);
    expect(named(OPTIONS)).toEqual(['a psi', 'a missing', 'at missing', 'c missing']);
    expect(named({ ...OPTIONS, columns: ['at'] })).toEqual(['at psi', 'at missing']);
  });

  it('takes the empty text for missing, as models are given it', () => {
    const before: ColumnProfile = {
      name: 's',
      type: 'string',
      rows: 1000,
      nulls: 400,
      top: [{ value: 'a', count: 600 }],
    };
    const now: ColumnProfile = {
      name: 's',
      type: 'string',
      rows: 1000,
      nulls: 0,
      top: [
        { value: 'a', count: 600 },
        { value: '', count: 400 },
      ],
    };
    const findings = compareProfiles({ rows: 1000, columns: [before] }, { rows: 1000, columns: [now] }, OPTIONS, WHERE);
    expect(findings.map(({ effect, state }) => [effect, state])).toEqual([
      [0, 'stable'],
      [0, 'stable'],
    ]);
  });
});
