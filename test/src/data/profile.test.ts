import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileColumns } from '../../../src/data/profile.js';
import { canonicalJson } from '../../../src/domain/canonical.js';
import { workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

describe('profileColumns', () => {
  it('counts, and measures numbers and times', async () => {
    const file = await bench.parquet(
      'profile.parquet',
      `SELECT * FROM (VALUES (1, 1.0::DOUBLE, true, TIMESTAMP '1970-01-01 00:00:01', 'b', [1]), (2, 'nan', false, NULL, 'a', [2]),
        (3, 'inf', true, TIMESTAMP '1970-01-01 00:00:03', 'b', [3]), (NULL, 3.0, NULL, NULL, NULL, NULL)) t(n, x, yes, "at", s, l)`,
    );
    expect(await profileColumns([file])).toEqual([
      { name: 'n', type: 'integer', rows: 4, nulls: 1, distinct: 3, min: 1, max: 3, mean: 2, deviation: 1 },
      { name: 'x', type: 'number', rows: 4, nulls: 1, distinct: 4, min: 1, max: 3, mean: 2, deviation: Math.SQRT2 },
      {
        name: 'yes',
        type: 'boolean',
        rows: 4,
        nulls: 1,
        distinct: 2,
        min: 0,
        max: 1,
        mean: 2 / 3,
        deviation: expect.closeTo(0.57735, 5),
      },
      {
        name: 'at',
        type: 'timestamp',
        rows: 4,
        nulls: 2,
        distinct: 2,
        min: 1000,
        max: 3000,
        mean: 2000,
        deviation: expect.closeTo(1414.2, 1),
      },
      {
        name: 's',
        type: 'string',
        rows: 4,
        nulls: 1,
        distinct: 2,
        top: [
          { value: 'b', count: 2 },
          { value: 'a', count: 1 },
        ],
      },
      { name: 'l', type: 'other', rows: 4, nulls: 1 },
    ]);
  });

  it('takes several files as one, matches columns by name, and gives ten frequent values, ties by name', async () => {
    const one = await bench.parquet(
      'one.parquet',
      `SELECT 'v' || lpad((i % 30)::VARCHAR, 2, '0') AS s, i AS n FROM range(300) r(i)`,
    );
    const two = await bench.parquet('two.parquet', `SELECT 1000 AS n, 'v29' AS s`);
    const [s, n] = await profileColumns([one, two]);
    expect(s).toMatchObject({ name: 's', rows: 301, distinct: 30 });
    expect(s?.top).toHaveLength(10);
    expect(s?.top?.slice(0, 3)).toEqual([
      { value: 'v29', count: 11 },
      { value: 'v00', count: 10 },
      { value: 'v01', count: 10 },
    ]);
    expect(n).toMatchObject({ name: 'n', rows: 301, max: 1000 });
  });

  it('is the same to the last digit each time', async () => {
    const file = await bench.parquet(
      'noise.parquet',
      'SELECT sin(i) * 1e6 AS x, hash(i)::VARCHAR AS s FROM range(600000) r(i)',
    );
    const all = await Promise.all([1, 2, 3].map(async () => canonicalJson(await profileColumns([file]))));
    expect(new Set(all).size).toBe(1);
  });

  it('has nothing to say about an empty column, and about no files', async () => {
    const file = await bench.parquet('empty.parquet', 'SELECT NULL::DOUBLE AS x, NULL::VARCHAR AS s FROM range(3)');
    expect(await profileColumns([file])).toEqual([
      { name: 'x', type: 'number', rows: 3, nulls: 3, distinct: 0 },
      { name: 's', type: 'string', rows: 3, nulls: 3, distinct: 0, top: [] },
    ]);
    expect(await profileColumns([])).toEqual([]);
  });
});
