import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileFiles } from '../../../src/data/profile.js';
import type { ColumnProfile, NumberProfile, TableProfile } from '../../../src/domain/profile.js';
import { mergeProfiles } from '../../../src/statistics/merge-profiles.js';
import { workbench, type Workbench } from '../data/data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

/** Rows of many kinds; what falls into a file depends on it. */
const ROWS = `SELECT i, CASE WHEN hash(i, 1) % 20 = 0 THEN NULL WHEN hash(i, 2) % 50 = 0 THEN 'nan'::DOUBLE
    WHEN hash(i, 3) % 70 = 0 THEN 'inf'::DOUBLE ELSE exp((hash(i, 4) % 10000) / 1500.0) - 20 END AS x,
  1e6 + (hash(i, 5) % 1000) / 7.0 AS far, (hash(i, 6) % 12)::INTEGER - 3 AS few, hash(i, 7) % 3 = 0 AS yes,
  CASE WHEN hash(i, 8) % 9 > 0 THEN 'city ' || floor(pow((hash(i, 9) % 1000) / 1000.0, 2) * 40)::INTEGER END AS city,
  TIMESTAMP '2001-01-01' + to_seconds(i * 977) AS "at", DATE '2001-01-01' + (i // 100)::INTEGER AS "day", [i] AS other
  FROM range(6000) r(i)`;

describe('mergeProfiles', () => {
  it('of the profiles of disjoint rows is the profile of all rows', async () => {
    const all = await bench.parquet('all.parquet', ROWS);
    const edges = await profileFiles([all]);
    const whole = await profileFiles([all], { edges });
    for (const cuts of [[3000], [1, 5999], [700, 1400, 1401], []]) {
      const parts: TableProfile[] = [];
      for (const [index, to] of [...cuts, 6000].entries()) {
        const part = `SELECT * FROM (${ROWS}) WHERE i >= ${cuts[index - 1] ?? 0} AND i < ${to}`;
        parts.push(await profileFiles([await bench.parquet('part.parquet', part)], { edges }));
      }
      expectSame(mergeProfiles(parts), whole);
    }
  });

  it('does not depend on how the parts are put together', () => {
    fc.assert(
      fc.property(fc.array(table, { minLength: 3, maxLength: 5 }), (tables) => {
        const [first, second, ...rest] = tables as [TableProfile, TableProfile, ...TableProfile[]];
        const atOnce = mergeProfiles(tables);
        expectSame(mergeProfiles([mergeProfiles([first, second]), ...rest]), atOnce);
        expectSame(mergeProfiles([first, mergeProfiles([second, ...rest])]), atOnce);
      }),
      { numRuns: 200 },
    );
  });

  it('counts a column as null where it is not', () => {
    const merged = mergeProfiles([
      { rows: 10, columns: [boolean('a', 10, 1, 4)] },
      { rows: 5, columns: [boolean('b', 5, 0, 2)] },
    ]);
    expect(merged).toMatchObject({
      rows: 15,
      columns: [
        { name: 'a', rows: 15, nulls: 6, trues: 4 },
        { name: 'b', rows: 15, nulls: 10, trues: 2 },
      ],
    });
  });

  it('takes types that go together as the wider one, a column without a value as any, others as none', () => {
    const typed = (type: ColumnProfile['type'], nulls = 0): TableProfile => ({
      rows: 2,
      columns: [{ name: 'c', type, rows: 2, nulls }],
    });
    const types = (...tables: TableProfile[]) => mergeProfiles(tables).columns.map(({ type, nulls }) => [type, nulls]);
    expect(types(typed('integer'), typed('number'))).toEqual([['number', 0]]);
    expect(types(typed('timestamp'), typed('date'))).toEqual([['timestamp', 0]]);
    expect(types(typed('string', 2), typed('date'))).toEqual([['date', 2]]);
    expect(types(typed('boolean'), typed('string', 2), typed('boolean'))).toEqual([['boolean', 2]]);
    expect(types(typed('string'), typed('number', 1))).toEqual([['other', 1]]);
  });

  it('counts histograms with other edges over by interpolation, and keeps their sum', async () => {
    const file = async (from: number) =>
      bench.parquet('line.parquet', `SELECT (i + ${from}) / 10 AS x FROM range(20000) r(i)`);
    const [low, high] = [await profileFiles([await file(0)]), await profileFiles([await file(10_000)])];
    const [merged] = mergeProfiles([low, high]).columns;
    const { edges = [], counts = [] } = merged?.numbers?.histogram ?? {};
    expect(edges).toEqual(low.columns[0]?.numbers?.histogram?.edges);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40_000);
    expect(counts.every(Number.isInteger)).toBe(true);
    const below = (x: number) => Math.min(20_000, x * 10) + Math.max(0, Math.min(20_000, x * 10 - 10_000));
    let sum = 0;
    for (const [bin, edge] of edges.entries()) {
      sum += counts[bin] ?? 0;
      expect(Math.abs(sum - below(Math.max(0, edge)))).toBeLessThan(5);
    }
  });

  it('knows the deviation of one and one value', () => {
    const one = (value: number): TableProfile => ({
      rows: 1,
      columns: [
        {
          name: 'x',
          type: 'number',
          rows: 1,
          nulls: 0,
          numbers: { ...NONE, count: 1, min: value, max: value, mean: value },
        },
      ],
    });
    expect(mergeProfiles([one(1), one(3)]).columns[0]?.numbers).toMatchObject({ mean: 2, deviation: Math.SQRT2 });
  });

  it('of nothing is nothing', () => {
    expect(mergeProfiles([])).toEqual({ rows: 0, columns: [] });
  });
});

const NONE = { count: 0, nans: 0, infinities: 0, zeros: 0, negatives: 0 };

function boolean(name: string, rows: number, nulls: number, trues: number): ColumnProfile {
  const top = [
    { value: 'false', count: rows - nulls - trues },
    { value: 'true', count: trues },
  ];
  return { name, type: 'boolean', rows, nulls, trues, distinct: 2, top };
}

/** Any small table of numbers and texts, profiled by hand over edges that are always the same. */
const table: fc.Arbitrary<TableProfile> = fc
  .array(fc.record({ x: fc.option(fc.integer({ min: -50, max: 50 })), s: fc.option(fc.constantFrom('a', 'b', 'c')) }), {
    maxLength: 12,
  })
  .map((rows) => {
    const values = rows.flatMap(({ x }) => (x === null ? [] : [x / 4]));
    const texts = rows.flatMap(({ s }) => (s === null ? [] : [s]));
    const top = [...new Set(texts)].map((value) => ({ value, count: texts.filter((each) => each === value).length }));
    top.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
    return {
      rows: rows.length,
      columns: [
        {
          name: 'x',
          type: 'number',
          rows: rows.length,
          nulls: rows.length - values.length,
          numbers: numbersOf(values),
        },
        { name: 's', type: 'string', rows: rows.length, nulls: rows.length - texts.length, distinct: top.length, top },
      ],
    };
  });

function numbersOf(values: readonly number[]): NumberProfile {
  const edges = [-5, 0, 0.5, 9];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    ...NONE,
    count: values.length,
    zeros: values.filter((value) => value === 0).length,
    negatives: values.filter((value) => value < 0).length,
    ...(values.length > 0 && { min: Math.min(...values), max: Math.max(...values), mean }),
    ...(values.length > 1 && { deviation: Math.sqrt(squares / (values.length - 1)) }),
    histogram: {
      edges,
      counts: [-Infinity, ...edges].map(
        (from, bin) => values.filter((value) => value >= from && value < (edges[bin] ?? Infinity)).length,
      ),
    },
  };
}

/** The same but for the last digits of means and deviations, and estimates of how many values there are. */
function expectSame(merged: TableProfile, whole: TableProfile): void {
  expect(merged.rows).toBe(whole.rows);
  expect(merged.columns.map(({ name }) => name)).toEqual(whole.columns.map(({ name }) => name));
  for (const [index, column] of whole.columns.entries()) {
    const found = merged.columns[index] as ColumnProfile;
    expect(exactly(found)).toEqual(exactly(column));
    expectNear(found.numbers?.mean, column.numbers?.mean, column.numbers?.deviation);
    expectNear(found.numbers?.deviation, column.numbers?.deviation, column.numbers?.deviation);
    expectNear(found.text?.meanLength, column.text?.meanLength, column.text?.meanLength);
    expect(found.distinct ?? 0).toBeLessThanOrEqual((column.distinct ?? 0) * 1.25);
  }
}

function exactly({ numbers, text, ...column }: ColumnProfile) {
  return {
    ...column,
    distinct: undefined,
    numbers: numbers && { ...numbers, mean: undefined, deviation: undefined },
    text: text && { ...text, meanLength: undefined },
  };
}

function expectNear(found: number | undefined, wanted: number | undefined, scale = 0): void {
  expect(found === undefined).toBe(wanted === undefined);
  expect(Math.abs((found ?? 0) - (wanted ?? 0))).toBeLessThanOrEqual(1e-6 * scale + 1e-12);
}
