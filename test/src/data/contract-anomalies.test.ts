import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectPart } from '../../../src/data/inspect-part.js';
import type { Check, CheckMeasure, ContractColumn, ContractTable, ValidValues } from '../../../src/domain/contract.js';
import { modelSpecSchema } from '../../../src/spec/spec.js';
import { compareProfiles } from '../../../src/statistics/drift/compare-profiles.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

/*
 * The anomalies that TensorFlow Data Validation knows of tables, and how each shows here. Its list has more: what that tool
 * does not detect itself, and what is about lists, sparse and weighted features, images and language.
 */

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

const column = (type: NonNullable<ContractColumn['type']>, name = 'a'): ContractTable => ({
  columns: [{ name, type, required: true, roles: [], severity: 'block' }],
  checks: [],
});
const rule = (measure: CheckMeasure, more: Partial<Check> = {}): ContractTable => ({
  columns: [],
  checks: [{ id: 'rule', measure, expect: { operator: 'mustBe', value: 0 }, unit: 'rows', severity: 'block', ...more }],
});
const valid = (values: ValidValues, more: Partial<Check> = {}) =>
  rule({ kind: 'invalid', column: 'a', valid: values }, more);
const atLeast = (value: number): Partial<Check> => ({ expect: { operator: 'mustBeGreaterOrEqualTo', value } });
const atMost = (value: number, unit: Check['unit'] = 'rows'): Partial<Check> => ({
  expect: { operator: 'mustBeLessOrEqualTo', value },
  unit,
});
/** A column `a` of these values. */
const values = (...list: readonly string[]) => `SELECT unnest([${list.join(', ')}]) AS a`;

const anomalies: readonly [anomaly: string, rows: string, contract: ContractTable, check: string, message: RegExp][] = [
  ['BOOL_TYPE_BIG_INT', values('0', '1', '2'), column('boolean'), 'a/type', /found 2 in 1 of 3 rows .*, want boolean/],
  ['BOOL_TYPE_SMALL_INT', values('0', '-1'), column('boolean'), 'a/type', /found -1 in .*, want boolean/],
  ['BOOL_TYPE_UNEXPECTED_STRING', values("'true'", "'maybe'"), column('boolean'), 'a/type', /"maybe" and the like/],
  ['BOOL_TYPE_UNEXPECTED_FLOAT', values('1.0::DOUBLE', '0.5'), column('boolean'), 'a/type', /found 0\.5 in/],
  [
    'ENUM_TYPE_UNEXPECTED_STRING_VALUES',
    values("'x'", "'y'"),
    valid({ values: ['x'] }),
    'rule',
    /found "y", want one of x/,
  ],
  [
    'ENUM_TYPE_UNEXPECTED_STRING_VALUES, more than a share of them',
    values("'x'", "'x'", "'y'"),
    valid({ values: ['x'] }, atMost(33, 'percent')),
    'rule',
    /1 of 3 rows \(33\.33 %\) break this, want at most 33 %/,
  ],
  [
    'FEATURE_TYPE_LOW_FRACTION_PRESENT',
    values("'x'", 'NULL', "'x'"),
    rule({ kind: 'nulls', column: 'a' }, atMost(30, 'percent')),
    'rule',
    /found it empty in 1 of 3 rows \(33\.33 %\), want at most 30 %/,
  ],
  [
    'FEATURE_TYPE_LOW_NUMBER_PRESENT',
    values("'x'", 'NULL', "'x'"),
    rule({ kind: 'sql', query: 'SELECT count(a) FROM things' }, atLeast(3)),
    'rule',
    /found 2, want at least 3/,
  ],
  [
    'FEATURE_TYPE_NOT_PRESENT',
    values('NULL::VARCHAR', 'NULL'),
    rule({ kind: 'nulls', column: 'a' }, atMost(99, 'percent')),
    'rule',
    /empty in 2 of 2 rows \(100 %\)/,
  ],
  [
    'FEATURE_TYPE_HIGH_UNIQUE',
    values("'x'", "'y'", "'z'"),
    rule({ kind: 'distinct', column: 'a' }, atMost(2)),
    'rule',
    /found 3 different values, want at most 2/,
  ],
  [
    'FEATURE_TYPE_LOW_UNIQUE',
    values("'x'", "'x'"),
    rule({ kind: 'distinct', column: 'a' }, atLeast(2)),
    'rule',
    /found 1 different values, want at least 2/,
  ],
  ['FLOAT_TYPE_BIG_FLOAT', values('1.5::DOUBLE', '9.5'), valid({ max: 9 }), 'rule', /found 9\.5, want at most 9/],
  ['FLOAT_TYPE_SMALL_FLOAT', values('1.5::DOUBLE', '-9.5'), valid({ min: 0 }), 'rule', /found -9\.5, want at least 0/],
  [
    'FLOAT_TYPE_STRING_NOT_FLOAT',
    values("'1.5'", "'n/a'"),
    column('number'),
    'a/type',
    /"n\/a" and the like.*, want number/,
  ],
  [
    'FLOAT_TYPE_HAS_NAN',
    values('1.5::DOUBLE', "'nan'"),
    valid({ finite: true }),
    'rule',
    /found nan, want a finite number/,
  ],
  [
    'FLOAT_TYPE_HAS_INF',
    values('1.5::DOUBLE', "'inf'"),
    valid({ finite: true }),
    'rule',
    /found inf, want a finite number/,
  ],
  ['INT_TYPE_BIG_INT', values('1', '10'), valid({ max: 9 }), 'rule', /found 10, want at most 9/],
  ['INT_TYPE_SMALL_INT', values('1', '-1'), valid({ min: 0 }), 'rule', /found -1, want at least 0/],
  [
    'INT_TYPE_NOT_INT_STRING',
    values("'1'", "'one'"),
    column('integer'),
    'a/type',
    /"one" and the like.*, want integer/,
  ],
  ['SCHEMA_MISSING_COLUMN', 'SELECT 1 AS b', column('integer'), 'a/missing', /column "a": not found/],
  [
    'SCHEMA_NEW_COLUMN',
    'SELECT 1 AS a, 2 AS b',
    { ...column('integer'), otherColumns: 'block' },
    'b/unexpected',
    /column "b": found, want no columns but/,
  ],
  ['UNEXPECTED_DATA_TYPE', values("DATE '2026-01-01'"), column('integer'), 'a/type', /found date, want integer/],
  ['DOMAIN_INVALID_FOR_TYPE', values("'x'"), valid({ min: 1, finite: true }), 'rule', /found "x", want a number/],
  [
    'DATASET_LOW_NUM_EXAMPLES',
    values('1'),
    rule({ kind: 'rowCount' }, atLeast(2)),
    'rule',
    /found 1 row, want at least 2/,
  ],
  [
    'DATASET_HIGH_NUM_EXAMPLES',
    values('1', '2'),
    rule({ kind: 'rowCount' }, atMost(1)),
    'rule',
    /found 2 rows, want at most 1/,
  ],
  // Not by what the file before had: by what the contract says a file has.
  [
    'COMPARATOR_LOW_NUM_EXAMPLES, COMPARATOR_HIGH_NUM_EXAMPLES',
    values('1'),
    rule({ kind: 'rowCount' }, { expect: { operator: 'mustBeBetween', value: [2, 9] } }),
    'rule',
    /found 1 row, want 2 to 9/,
  ],
  // What that list has no name for.
  ['repeated rows', values('1', '1'), rule({ kind: 'duplicates', columns: ['a'] }), 'rule', /found 1 more than once/],
  ['text too short', values("'x'"), valid({ minLength: 2 }), 'rule', /found "x", want at least 2 characters/],
  ['text too long', values("'xyz'"), valid({ maxLength: 2 }), 'rule', /found "xyz", want at most 2 characters/],
  [
    'text of another form',
    values("'AB'", "'A1'"),
    valid({ pattern: '[A-Z]+' }),
    'rule',
    /found "A1", want text like \[A-Z\]\+/,
  ],
  [
    'label missing in some rows',
    'SELECT unnest([true, NULL]) AS bought',
    rule({ kind: 'nulls', column: 'bought' }),
    'rule',
    /column "bought": found it empty in 1 of 2 rows/,
  ],
  [
    'label column missing',
    'SELECT 1 AS a',
    column('boolean', 'bought'),
    'bought/missing',
    /column "bought": not found/,
  ],
];

describe('a contract', () => {
  it.each(anomalies)('shows %s', async (...[, rows, contract, check, message]) => {
    const files = [await bench.parquet('part.parquet', rows)];
    const { findings } = await inspectPart({ files, table: 'things', contract });
    expect(findings.map((finding) => finding.check)).toEqual([check]);
    expect(findings[0]?.severity).toBe('block');
    expect(findings[0]?.message).toMatch(message);
  });

  it('shows ENUM_TYPE_INVALID_UTF8 when the file is read', async () => {
    const error = await errorOf(bench.ingest(Buffer.from([0x61, 0x0a, 0x78, 0xff, 0x0a])));
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE' });
    expect(error.message).toMatch(/UTF-8/);
  });

  it.each([
    ['FEATURE_MISSING_TYPE', { columns: { a: {} } }],
    ['INVALID_SCHEMA_SPECIFICATION', { columns: { a: { type: 'number', maxNullShare: 2 } } }],
    ['INVALID_DOMAIN_SPECIFICATION', { columns: { a: { type: 'string', values: [] } } }],
  ])('shows %s when the spec is read', (_, things) => {
    expect(modelSpecSchema.shape.contract.safeParse({ things }).success).toBe(false);
  });
});

describe('a comparison of profiles', () => {
  const spec = modelSpecSchema.shape.drift.parse({});
  const categories = (share: number) =>
    `SELECT CASE WHEN i % 100 < ${share} THEN 'x' ELSE 'y' END AS a FROM range(2000) r(i)`;
  const numbers = (from: number) => `SELECT ${from} + i % 100 AS a FROM range(2000) r(i)`;

  it.each([
    ['COMPARATOR_L_INFTY_HIGH', categories(50), categories(90), { categories: 'psi' }],
    ['COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH', categories(50), categories(90), { categories: 'chi2' }],
    ['COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH, of text', categories(50), categories(90), { categories: 'js' }],
    ['COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH, of numbers', numbers(0), numbers(50), { numbers: 'js' }],
  ] as const)('shows %s as drift and as skew', async (_, before, after, detectors) => {
    const profile = async (select: string, known?: Awaited<ReturnType<typeof inspectPart>>) => {
      const files = [await bench.parquet('rows.parquet', select)];
      return await inspectPart({ files, table: 'things', ...(known && { known: known.profile }) });
    };
    const reference = await profile(before);
    const [same, other] = [await profile(before, reference), await profile(after, reference)];
    for (const kind of ['data', 'skew'] as const) {
      const compare = ({ profile }: typeof same) =>
        compareProfiles(reference.profile, profile, { ...spec, ...detectors }, { kind, table: 'things' })
          .filter(({ state }) => state === 'drift')
          .map((finding) => [finding.kind, finding.column]);
      expect(compare(same)).toEqual([]);
      expect(compare(other)).toEqual([[kind, 'a']]);
    }
  });
});
