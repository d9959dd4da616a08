import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnType } from '../../../src/data/column-type.js';
import { withDuckDb } from '../../../src/data/duckdb.js';
import { onePass } from '../../../src/data/facts.js';
import { profileFacts, profileFiles } from '../../../src/data/profile.js';
import { readParquet } from '../../../src/data/sql-text.js';
import { canonicalJson } from '../../../src/domain/canonical.js';
import type { ColumnProfile, TableProfile } from '../../../src/domain/profile.js';
import { quantileOf } from '../../../src/statistics/histogram.js';
import { workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

const column = (profile: TableProfile, name: string): ColumnProfile => {
  const found = profile.columns.find((each) => each.name === name);
  if (!found) throw new Error(`no column ${name}`);
  return found;
};

describe('profileFiles', () => {
  it('counts and measures numbers, times, booleans and text', async () => {
    const file = await bench.parquet(
      'profile.parquet',
      `SELECT * FROM (VALUES
        (-1, 1.0::DOUBLE, true, TIMESTAMP '1970-01-01 00:00:01', DATE '1970-01-02', 'b', [1], 1.5::DECIMAL(9, 2)),
        (2, 'nan', false, NULL, 'infinity', 'añb', [2], 0),
        (0, 'inf', true, TIMESTAMP '1970-01-01 00:00:03', DATE '1970-01-04', 'b', [3], -1),
        (NULL, 3.0, NULL, 'infinity', NULL, NULL, NULL, NULL),
        (3, '-inf', NULL, NULL, NULL, '', NULL, NULL)) t(n, x, yes, "at", day, s, l, d)`,
    );
    const profile = await profileFiles([file]);
    expect(profile.rows).toBe(5);
    const numbers = { count: 2, nans: 0, infinities: 0, zeros: 0, negatives: 0 };
    expect(column(profile, 'n')).toMatchObject({
      type: 'integer',
      rows: 5,
      nulls: 1,
      numbers: { count: 4, infinities: 0, zeros: 1, negatives: 1, min: -1, max: 3, mean: 1, deviation: 1.825742 },
    });
    expect(column(profile, 'x')).toMatchObject({
      nulls: 0,
      numbers: {
        ...numbers,
        nans: 1,
        infinities: 2,
        min: 1,
        max: 3,
        mean: 2,
        deviation: expect.closeTo(Math.SQRT2, 6),
      },
    });
    expect(column(profile, 'yes')).toEqual({
      name: 'yes',
      type: 'boolean',
      rows: 5,
      nulls: 2,
      trues: 2,
      distinct: 2,
      top: [
        { value: 'true', count: 2 },
        { value: 'false', count: 1 },
      ],
    });
    expect(column(profile, 'at')).toMatchObject({
      type: 'timestamp',
      nulls: 2,
      numbers: { ...numbers, infinities: 1, min: 1000, max: 3000, mean: 2000, deviation: 1414.214 },
    });
    expect(column(profile, 'day')).toMatchObject({
      type: 'date',
      nulls: 2,
      numbers: { ...numbers, infinities: 1, min: 86_400_000, max: 3 * 86_400_000 },
    });
    expect(column(profile, 's')).toEqual({
      name: 's',
      type: 'string',
      rows: 5,
      nulls: 1,
      distinct: 3,
      text: { minLength: 0, maxLength: 3, meanLength: 1.25 },
      top: [
        { value: 'b', count: 2 },
        { value: '', count: 1 },
        { value: 'añb', count: 1 },
      ],
    });
    expect(column(profile, 'l')).toEqual({ name: 'l', type: 'other', rows: 5, nulls: 2 });
    expect(column(profile, 'd')).toMatchObject({
      type: 'number',
      numbers: { count: 3, zeros: 1, negatives: 1, min: -1 },
    });
  });

  it('says the same of few and of many different values', async () => {
    const file = await bench.parquet(
      'few.parquet',
      `SELECT CASE WHEN i % 97 = 0 THEN NULL WHEN i % 101 = 0 THEN 'nan'::DOUBLE WHEN i % 103 = 0 THEN '-inf'::DOUBLE
        ELSE (i * 7919) % 200 / 8 - 5 END AS x FROM range(20000) r(i)`,
    );
    const few = column(await profileFiles([file]), 'x');
    // Edges of a profile that knows of no number of values: the other way to count.
    const { distinct: _, ...unknown } = few;
    const many = column(await profileFiles([file], { edges: { rows: 1, columns: [unknown] } }), 'x');
    expect(few.distinct).toBe(202);
    expect(many).toEqual({ ...few, distinct: many.distinct });
    expect(many.distinct).toBeGreaterThan(180);
    expect(few.numbers?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(few.numbers?.count);
  });

  it('counts from an edge on, up to the next', async () => {
    const file = await bench.parquet('edges.parquet', `SELECT unnest([-1, -0.5, 0, 0.5, 1, 1, 2, 7]::DOUBLE[]) AS x`);
    const histogram = { edges: [-0.5, 0, 0.5, 1, 2], counts: [] };
    const like = { name: 'x', type: 'number', rows: 0, nulls: 0 } as const;
    const numbers = { count: 0, nans: 0, infinities: 0, zeros: 0, negatives: 0, histogram };
    for (const distinct of [5, undefined]) {
      const edges = { rows: 0, columns: [{ ...like, numbers, ...(distinct !== undefined && { distinct }) }] };
      const profile = column(await profileFiles([file], { edges }), 'x');
      expect(profile.numbers).toMatchObject({ zeros: 1, negatives: 2, histogram: { counts: [1, 1, 1, 1, 2, 2] } });
    }
  });

  it('counts any number in the bin that it is in, to the last bit', async () => {
    const neighbours = (x: number) => [x, x * (1 + 2 ** -52), x * (1 - 2 ** -53)];
    const values = [0.1, 1, 1 / 3, 2 ** 53, 1e22, 123456789.12345679, 5e-324, 2e-308, 1e300].flatMap(neighbours);
    const all = [...new Set([...values, ...values.map((value) => -value), 0, Number.MAX_VALUE, -Number.MAX_VALUE])];
    const rows = all.map((value) => `(${value.toExponential()}::DOUBLE)`).join(', ');
    const file = await bench.parquet('bits.parquet', `SELECT * FROM (VALUES ${rows}) t(x)`);
    const edges = [...all].toSorted((a, b) => a - b).filter((_, index) => index % 2 === 0);
    const numbers = { count: 0, nans: 0, infinities: 0, zeros: 0, negatives: 0, histogram: { edges, counts: [] } };
    const wanted = [-Infinity, ...edges].map(
      (from, bin) => all.filter((value) => value >= from && value < (edges[bin] ?? Infinity)).length,
    );
    for (const distinct of [5, undefined]) {
      const like = { name: 'x', type: 'number' as const, rows: 0, nulls: 0, numbers };
      const known = { rows: 0, columns: [{ ...like, ...(distinct !== undefined && { distinct }) }] };
      const profile = column(await profileFiles([file], { edges: known }), 'x');
      expect(profile.numbers?.histogram?.counts).toEqual(wanted);
      expect(profile.numbers).toMatchObject({ zeros: 1, negatives: all.filter((value) => value < 0).length });
    }
  });

  it('takes several files as one, matches columns by name, and gives frequent values, ties by name', async () => {
    const one = await bench.parquet(
      'one.parquet',
      `SELECT 'v' || lpad((i % 90)::VARCHAR, 2, '0') AS s, i AS n FROM range(900) r(i)`,
    );
    const two = await bench.parquet('two.parquet', `SELECT 1000 AS n, 'v89' AS s`);
    const profile = await profileFiles([one, two]);
    const s = column(profile, 's');
    expect(s).toMatchObject({ rows: 901, distinct: 90 });
    expect(s.top).toHaveLength(50);
    expect(s.top?.slice(0, 3)).toEqual([
      { value: 'v89', count: 11 },
      { value: 'v00', count: 10 },
      { value: 'v01', count: 10 },
    ]);
    expect(column(profile, 'n')).toMatchObject({ rows: 901, numbers: { max: 1000 } });
  });

  it('counts the values that an earlier profile names, rare as they may be now', async () => {
    const rare = `SELECT 'c' || (i % 60)::VARCHAR AS s FROM range(6000) r(i) UNION ALL SELECT 'it''s rare'`;
    const file = await bench.parquet('rare.parquet', rare);
    const top = [
      { value: "it's rare", count: 9 },
      { value: 'gone', count: 3 },
    ];
    const edges = { rows: 12, columns: [{ name: 's', type: 'string' as const, rows: 12, nulls: 0, top }] };
    const s = column(await profileFiles([file], { edges }), 's');
    expect(s.top).toHaveLength(51);
    expect(s.top?.at(-1)).toEqual({ value: "it's rare", count: 1 });
  });

  it('does not count ids one by one', async () => {
    const file = await bench.parquet('ids.parquet', `SELECT 'id-' || i::VARCHAR AS s FROM range(20000) r(i)`);
    const s = column(await profileFiles([file]), 's');
    expect(s.top).toBeUndefined();
    expect(s.text).toEqual({ minLength: 4, maxLength: 8, meanLength: 7.4445 });
    expect(Math.abs((s.distinct ?? 0) / 20_000 - 1)).toBeLessThan(0.25);
    expect(column(await profileFiles([file], { edges: { rows: 0, columns: [s] } }), 's')).toEqual(s);
  });

  it('is the same to the last digit each time', async () => {
    const noise = `SELECT sin(i) * 1e6 AS x, exp(sin(i) * 20) AS e, 1e9 + cos(i) AS y, sin(i)::FLOAT AS f, i % 1000 AS few,
      TIMESTAMP '2001-01-01' + to_seconds(i) AS "at", hash(i % 50000)::VARCHAR AS s FROM range(300000) r(i)`;
    const file = await bench.parquet('noise.parquet', noise);
    const edges = await profileFiles([file]);
    for (const options of [{}, { edges }]) {
      const all = new Set<string>();
      for (let time = 0; time < 3; time++)
        all.add(canonicalJson(await profileFiles([file], { ...options, threads: 4 })));
      expect(all.size).toBe(1);
    }
    expect(column(edges, 'y').numbers).toMatchObject({
      mean: expect.closeTo(1e9, 5),
      deviation: expect.closeTo(Math.SQRT1_2, 5),
    });
    expect(column(edges, 'e').numbers?.deviation).toBeGreaterThan(1e7);
  });

  it('gives quantiles within a fiftieth of the rows', async () => {
    const file = await bench.parquet('quantiles.parquet', `SELECT pow(i / 1000, 3) AS x FROM range(100000) r(i)`);
    const { numbers } = column(await profileFiles([file]), 'x');
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.99]) {
      const value = (numbers && quantileOf(numbers, share)) ?? Number.NaN;
      expect(Math.abs(Math.cbrt(value) / 100 - share)).toBeLessThan(0.005);
    }
  });

  it('measures numbers of any size', async () => {
    const file = await bench.parquet(
      'sizes.parquet',
      `SELECT unnest([1e308, -1.7976931348623157e308, 5e-324, 0.0]) AS x, unnest([9007199254740993, 1, 2, 3]) AS n,
        unnest([1e200, 1e200, 1e200, 1e200]) AS c`,
    );
    const profile = await profileFiles([file]);
    expect(column(profile, 'x').numbers).toMatchObject({
      count: 4,
      zeros: 1,
      negatives: 1,
      min: -Number.MAX_VALUE,
      max: 1e308,
    });
    expect(column(profile, 'x').numbers?.deviation).toBeUndefined();
    expect(column(profile, 'n').numbers).toMatchObject({ max: 9007199254740992 });
    expect(column(profile, 'c').numbers).toMatchObject({ mean: 1e200, deviation: 0 });
  });

  it('has nothing to say about an empty column, an empty file and no files', async () => {
    const nothing = `NULL::DOUBLE AS x, NULL::VARCHAR AS s, NULL::BOOLEAN AS b`;
    const file = await bench.parquet('empty.parquet', `SELECT ${nothing} FROM range(3)`);
    const none = await bench.parquet('none.parquet', `SELECT ${nothing} LIMIT 0`);
    const numbers = { count: 0, nans: 0, infinities: 0, zeros: 0, negatives: 0 };
    for (const [path, rows] of [
      [file, 3],
      [none, 0],
    ] as const) {
      expect(await profileFiles([path])).toEqual({
        rows,
        columns: [
          { name: 'x', type: 'number', rows, nulls: rows, distinct: 0, numbers },
          { name: 's', type: 'string', rows, nulls: rows, distinct: 0, text: {}, top: [] },
          { name: 'b', type: 'boolean', rows, nulls: rows, trues: 0, distinct: 0, top: [] },
        ],
      });
    }
    expect(await profileFiles([])).toEqual({ rows: 0, columns: [] });
  });

  it('finds edges in all places of a sorted file', async () => {
    const file = await bench.parquet('sorted.parquet', `SELECT i AS x FROM range(500000) r(i)`);
    const counts = column(await profileFiles([file]), 'x').numbers?.histogram?.counts ?? [];
    expect(counts.length).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(500_000 * 0.05);
  });
});

describe('profileFacts', () => {
  it('share a pass with other facts, over any relation, and have no histogram without edges', async () => {
    const file = await bench.parquet(
      'facts.parquet',
      `SELECT i - 2 AS n, 'é' || i AS s, i % 2 = 0 AS b FROM range(10) r(i)`,
    );
    await withDuckDb({ files: [file], folders: [], tempFolder: bench.folder }, async (db) => {
      const relation = `(SELECT * FROM ${readParquet([file])} WHERE n <> 5)`;
      const columns = (await db.describe(`SELECT * FROM ${relation}`)).map(({ name, type }) => ({
        name,
        type: columnType(type),
      }));
      const sum = { sql: ['sum(n)::DOUBLE'], read: ([value]: readonly unknown[]) => value };
      const [n, s, b] = profileFacts(columns);
      if (!n || !s || !b) throw new Error('columns are missing');
      const [before, number, text, yes, after] = await onePass(db, relation, [sum, n, s, b, sum]);
      expect([before, after]).toEqual([20, 20]);
      expect(number).toMatchObject({ rows: 9, numbers: { count: 9, zeros: 1, negatives: 2, min: -2, max: 7 } });
      expect(number.numbers?.histogram).toBeUndefined();
      expect(text).toMatchObject({ rows: 9, distinct: 9, text: { maxLength: 2 } });
      expect(yes).toMatchObject({ rows: 9, trues: 5 });
    });
  });
});
