import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataEmptyError, DataUnreadableError } from '../../../src/errors.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
let good: Buffer;
beforeAll(async () => {
  bench = await workbench();
  good = await readFile(await bench.parquet('good.parquet', ROWS));
});
afterAll(async () => bench.close());

const ROWS = `SELECT i AS n, 'row ' || i AS s, i / 3.0 AS x, TIMESTAMP '2001-01-01' + INTERVAL (i) MINUTE AS t FROM range(5000) r(i)`;
const parquet = { id: 'inbox/data.parquet' };

describe('ingest of Parquet', () => {
  it('tells rows, columns, types and the range of event times, to the millisecond', async () => {
    const { part } = await bench.ingest(good, { ...parquet, eventTime: 't' });
    expect(part).toMatchObject({ rows: 5000, from: '2001-01-01T00:00:00.000Z', to: '2001-01-04T11:19:00.000Z' });
    expect(part.columns).toEqual([
      { name: 'n', type: 'integer' },
      { name: 's', type: 'string' },
      { name: 'x', type: 'number' },
      { name: 't', type: 'timestamp' },
    ]);
  });

  it('gives the same bytes for the same file, whatever the number of threads', async () => {
    const file = await bench.parquet('many.parquet', `SELECT i % 1000 AS n, hash(i) AS h FROM range(700000) r(i)`);
    const all = await Promise.all([2, 2, 3, 4].map(async (threads) => bench.ingestFile(file, { ...parquet, threads })));
    expect(new Set(all.map(({ part }) => part.ref.sha256)).size).toBe(1);
  });

  it('has no range of event times when the column is missing or holds no times', async () => {
    for (const eventTime of ['n', 'nowhere']) {
      const { part } = await bench.ingest(good, { ...parquet, eventTime });
      expect(part).not.toHaveProperty('from');
      expect(part).not.toHaveProperty('to');
    }
  });

  it('has the range of the times that can be written, whatever else stands there', async () => {
    const odd = `SELECT t FROM (${ROWS}) UNION ALL SELECT 'infinity'::TIMESTAMP UNION ALL SELECT TIMESTAMP '12026-01-01'`;
    const file = await bench.parquet('odd.parquet', odd);
    const { part } = await bench.ingestFile(file, { ...parquet, eventTime: 't' });
    expect(part).toMatchObject({ rows: 5002, from: '2001-01-01T00:00:00.000Z', to: '2001-01-04T11:19:00.000Z' });
    const only = await bench.parquet('only.parquet', `SELECT 'infinity'::TIMESTAMP AS t`);
    expect((await bench.ingestFile(only, { ...parquet, eventTime: 't' })).part).not.toHaveProperty('to');
  });

  it('brings timestamps of other units and zones to microseconds in UTC', async () => {
    const file = await bench.parquet(
      'times.parquet',
      `SELECT TIMESTAMPTZ '2001-01-01 10:00:00+02' AS a, TIMESTAMP_NS '2001-01-01 10:00:00.123456789' AS b, DATE '2001-01-01' AS c`,
    );
    const { file: out, part } = await bench.ingestFile(file, { ...parquet, eventTime: 'a' });
    expect(await bench.query(`SELECT a::VARCHAR, typeof(a), b::VARCHAR, typeof(b), typeof(c) FROM '${out}'`)).toEqual([
      ['2001-01-01 08:00:00', 'TIMESTAMP', '2001-01-01 10:00:00.123456', 'TIMESTAMP', 'DATE'],
    ]);
    expect(part.from).toBe('2001-01-01T08:00:00.000Z');
  });

  it('keeps nested columns, and compares only names of the top level', async () => {
    const file = await bench.parquet('nested.parquet', `SELECT {'a': 1, 'b': {'a': 2}} AS a, [{'a': 3}] AS b, 1 AS c`);
    const { part } = await bench.ingestFile(file, parquet);
    expect(part.columns).toEqual([
      { name: 'a', type: 'other' },
      { name: 'b', type: 'other' },
      { name: 'c', type: 'integer' },
    ]);
  });

  it('refuses names that SQL cannot tell apart', async () => {
    const bytes = await readFile(await bench.parquet('twice.parquet', 'SELECT 1 AS column_a, 2 AS b, 3 AS column_c'));
    for (const [name, message] of [
      ['column_a', /columns 1 and 3 have the same name, "column_a"/],
      ['Column_A', /"column_a" and "Column_A", which SQL cannot tell apart/],
    ] as const) {
      // DuckDB itself would not write such a file.
      const renamed = Buffer.from(bytes.toString('latin1').replaceAll('column_c', name), 'latin1');
      expect((await errorOf(bench.ingest(renamed, parquet))).message).toMatch(message);
    }
  });

  it('refuses a file without rows as empty', async () => {
    const file = await bench.parquet('none.parquet', 'SELECT 1 AS a WHERE false');
    const error = await errorOf(bench.ingestFile(file, parquet));
    expect(error).toBeInstanceOf(DataEmptyError);
    expect(await errorOf(bench.ingest('', parquet))).toBeInstanceOf(DataEmptyError);
  });

  it('wants a name that tells the format, or a declared one', async () => {
    const error = await errorOf(bench.ingest(good, { id: 'inbox/data.bin' }));
    expect(error).toBeInstanceOf(DataUnreadableError);
    expect(error.message).toMatch(/ends in none of .csv, .tsv, .jsonl, .ndjson and .parquet/);
    const { part } = await bench.ingest(good, { id: 'inbox/data.bin', format: 'parquet' });
    expect(part.rows).toBe(5000);
    expect((await bench.ingest(good, { id: 'inbox/DATA.Parquet' })).part.rows).toBe(5000);
  });
});
