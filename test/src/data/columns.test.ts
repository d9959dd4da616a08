import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blockIds, readColumns } from '../../../src/data/columns.js';
import { DataUnreadableError } from '../../../src/errors.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

describe('readColumns', () => {
  it('gives each type its array, and nulls their stand-ins', async () => {
    const file = await bench.parquet(
      'types.parquet',
      `SELECT * FROM (VALUES (1, 1.5::DOUBLE, 2.25::DECIMAL(9,2), 'é', true, true, TIMESTAMP '1970-01-01 00:00:01', DATE '1970-01-02'),
        (NULL, NULL, NULL, NULL, false, NULL, NULL, NULL), (-3, 1e300, 0.1, 'longer than twelve bytes', true, false, TIMESTAMP '1969-12-31', DATE '1969-12-31'))
        t(i, d, c, s, b, bn, t, day)`,
    );
    const columns = await readColumns(file, ['s', 'i', 'd', 'c', 'b', 'bn', 't', 'day']);
    expect(Object.keys(columns)).toEqual(['s', 'i', 'd', 'c', 'b', 'bn', 't', 'day']);
    expect(columns).toEqual({
      s: ['é', '', 'longer than twelve bytes'],
      i: Float32Array.of(1, NaN, -3),
      d: Float32Array.of(1.5, NaN, Infinity),
      c: Float32Array.of(2.25, NaN, 0.1),
      b: Uint8Array.of(1, 0, 1),
      bn: Float32Array.of(1, NaN, 0),
      t: Float64Array.of(1000, NaN, -86_400_000),
      day: Float64Array.of(86_400_000, NaN, -86_400_000),
    });
  });

  it('gives every row of many chunks and row groups, in file order', async () => {
    const rows = 300_001;
    const file = await bench.parquet(
      'many.parquet',
      `SELECT i AS n, i % 2 = 1 AS odd, (i % 1000)::VARCHAR AS short, 'a rather long text ' || i % 10 AS long, i::VARCHAR AS own
       FROM range(${rows}) r(i)`,
    );
    const { n, odd, short, long, own } = await readColumns(file, ['n', 'odd', 'short', 'long', 'own']);
    const at = Array.from({ length: rows }, (_, index) => index);
    expect(at.findIndex((row) => n?.[row] !== Math.fround(row))).toBe(-1);
    expect(at.findIndex((row) => odd?.[row] !== row % 2)).toBe(-1);
    expect(at.findIndex((row) => short?.[row] !== String(row % 1000))).toBe(-1);
    expect(at.findIndex((row) => long?.[row] !== `a rather long text ${row % 10}`)).toBe(-1);
    expect(at.findIndex((row) => own?.[row] !== String(row))).toBe(-1);
  });

  it('tells texts apart that differ in length, in NUL characters or at the twelfth byte only', async () => {
    const texts = [
      '',
      '\0',
      'a',
      'a\0',
      'a\0\0',
      'abcd',
      'abcd\0',
      'abcdefghijkl',
      'abcdefghijkm',
      'abcdefghijk',
      'ÿ',
      '😀😀😀',
    ];
    const sql = texts.map((text) => Array.from(text, (each) => `chr(${each.codePointAt(0)})`).join(' || ') || "''");
    const file = await bench.parquet('texts.parquet', `SELECT unnest([${sql.join(', ')}]) AS s FROM range(3)`);
    expect((await readColumns(file, ['s']))['s']).toEqual([...texts, ...texts, ...texts]);
  });

  it('names a column that is not there and the nearest, and refuses types that models do not take', async () => {
    const file = await bench.parquet(
      'names.parquet',
      `SELECT 1 AS distance, [1] AS list, 2 AS "a""b", 3 AS constructor`,
    );
    const missing = await errorOf(readColumns(file, ['distanc']));
    expect(missing).toBeInstanceOf(DataUnreadableError);
    expect(missing.message).toMatch(/"distanc": there is no such column, the nearest is "distance"/);
    expect((await errorOf(readColumns(file, ['list']))).message).toMatch(/not one that models take/);
    const odd = await readColumns(file, ['a"b', 'constructor']);
    expect([odd['a"b'], odd['constructor']]).toEqual([Float32Array.of(2), Float32Array.of(3)]);
  });
});

describe('blockIds', () => {
  it('numbers equal rows alike, by first appearance, in file order, null as a value of its own', async () => {
    const file = await bench.parquet(
      'blocks.parquet',
      `SELECT * FROM (VALUES ('b', 1), ('a', 1), ('b', 1), (NULL, 1), ('a', 2), (NULL, 1), ('', 1)) t(site, day)`,
    );
    expect(await blockIds(file, ['site', 'day'])).toEqual(Int32Array.of(0, 1, 0, 2, 3, 2, 4));
    expect(await blockIds(file, ['site'])).toEqual(Int32Array.of(0, 1, 0, 2, 1, 2, 3));
  });

  it('agrees with a count in SQL over many row groups', async () => {
    const file = await bench.parquet(
      'sites.parquet',
      `SELECT i % 977 AS site, i // 50000 AS day FROM range(300000) r(i)`,
    );
    const ids = await blockIds(file, ['site', 'day']);
    const [[blocks] = []] = await bench.query(`SELECT count(DISTINCT (site, day))::INTEGER FROM '${file}'`);
    expect(new Set(ids).size).toBe(blocks);
    expect(ids.findIndex((id, row) => row < 977 && id !== row)).toBe(-1);
    expect(ids[977]).toBe(0);
    await expect(blockIds(file, ['sites'])).rejects.toThrow(/the nearest is "site"/);
  });
});
