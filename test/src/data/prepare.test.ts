import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareTable } from '../../../src/data/prepare.js';
import { DataEmptyError, PrepareFailedError } from '../../../src/errors.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
let flights = '';
let airports = '';
beforeAll(async () => {
  bench = await workbench();
  flights = await bench.parquet(
    'flights.parquet',
    `SELECT TIMESTAMP '2001-01-01' + INTERVAL (i) MINUTE AS date, i AS distance, i % 3 = 0 AS late, i / 3.0 AS share,
       'A' || i % 5 AS origin FROM range(100) r(i)`,
  );
  airports = await bench.parquet('airports.parquet', `SELECT 'A' || i AS code, i * 10 AS height FROM range(5) r(i)`);
});
afterAll(async () => bench.close());

const task = { label: 'late', features: ['distance', 'origin'], eventTime: 'date' };

async function prepare(
  sql: string | undefined,
  more: { tables?: Record<string, string[]>; task?: Partial<typeof task> } = {},
) {
  const outFile = bench.path('table.parquet');
  const input = { tables: more.tables ?? { flights: [flights] }, task: { ...task, ...more.task }, outFile };
  const table = await prepareTable({ ...input, ...(sql !== undefined && { sql }) });
  return { ...table, outFile };
}

describe('prepareTable', () => {
  it('takes the only source as it is when there is no SQL', async () => {
    const { columns, rows, outFile } = await prepare(undefined);
    expect(rows).toBe(100);
    expect(columns).toEqual([
      { name: 'date', type: 'timestamp' },
      { name: 'distance', type: 'integer' },
      { name: 'late', type: 'boolean' },
      { name: 'share', type: 'number' },
      { name: 'origin', type: 'string' },
    ]);
    expect((await bench.query(`DESCRIBE SELECT * FROM '${outFile}'`)).map((row) => row[1])).toEqual([
      'TIMESTAMP',
      'BIGINT',
      'BOOLEAN',
      'DOUBLE',
      'VARCHAR',
    ]);
  });

  it('joins sources under their names, dashes and all, and stores one type for each kind of column', async () => {
    const sql = `-- height of the airport
      WITH a AS (SELECT * FROM "air-ports")
      SELECT date::TIMESTAMPTZ AS date, sum(distance) OVER (ORDER BY date) AS distance, origin, (late)::TINYINT AS late,
        height::DECIMAL(9, 2) AS height, DATE '2001-01-01' AS day
      FROM flights JOIN a ON origin = code; -- that is all`;
    const { columns, outFile } = await prepare(sql, { tables: { flights: [flights], 'air-ports': [airports] } });
    expect(columns.map(({ type }) => type)).toEqual(['timestamp', 'integer', 'string', 'boolean', 'number', 'date']);
    expect((await bench.query(`DESCRIBE SELECT * FROM '${outFile}'`)).map((row) => row[1])).toEqual([
      'TIMESTAMP',
      'BIGINT',
      'VARCHAR',
      'BOOLEAN',
      'DOUBLE',
      'DATE',
    ]);
  });

  it('matches the columns of the parts of a source by name', async () => {
    const other = await bench.parquet(
      'other.parquet',
      `SELECT 'A9' AS origin, 5 AS distance, true AS late, TIMESTAMP '2001-02-01' AS date`,
    );
    const { rows, outFile } = await prepare(undefined, { tables: { flights: [flights, other] } });
    expect(rows).toBe(101);
    expect(await bench.query(`SELECT distance::INTEGER, share FROM '${outFile}' WHERE origin = 'A9'`)).toEqual([
      [5, null],
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /it is empty, want one SELECT/],
    ['a comment alone', '-- SELECT 1', /it is empty/],
    ['two statements', 'SELECT 1; SELECT 2', /found 2 statements/],
    ['a statement hidden behind one', "SELECT * FROM flights; COPY flights TO '/tmp/x'", /found 2 statements/],
    ['a COPY', "COPY flights TO '/tmp/x.parquet'", /begins with "COPY", want one SELECT/],
    ['a table', 'CREATE TABLE x AS SELECT 1', /begins with "CREATE"/],
    ['a setting', 'SET enable_external_access = true', /begins with "SET"/],
    ['a pragma', 'PRAGMA database_list', /begins with "PRAGMA"/],
    ['an attached file', "ATTACH '/tmp/x.db'", /begins with "ATTACH"/],
    ['a description', 'DESCRIBE SELECT * FROM flights', /begins with "DESCRIBE"/],
    ['a file elsewhere', "SELECT * FROM read_csv('/etc/passwd')", /Cannot access file "\/etc\/passwd"/],
    ['a file by its name', "SELECT * FROM '/etc/passwd'", /line 1/],
    ['the network', "SELECT * FROM read_parquet('https://example.com/x.parquet')", /Cannot access|httpfs/],
    ['what is no SQL', 'SELECT date FROM\nWHERE late', /line 2: .*syntax error/],
    ['an unknown column', 'SELECT date,\n  delay\nFROM flights', /line 2: .*"delay" not found/],
    ['an unknown source', 'SELECT * FROM flight', /Table with name flight does not exist/],
    ['a parameter', 'SELECT *, $1 AS x FROM flights', /parameter/i],
  ])('refuses %s', async (_, sql, message) => {
    const error = await errorOf(prepare(sql));
    expect(error).toBeInstanceOf(PrepareFailedError);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^Cannot prepare the training table/);
  });

  it('shows where the SQL is wrong', async () => {
    const error = await errorOf(prepare('SELECT date,\n  delay\nFROM flights'));
    expect(error.details).toMatchObject({ line: 2, excerpt: expect.stringContaining('delay') });
  });

  it('says what failed while it ran', async () => {
    const error = await errorOf(prepare('SELECT *, CAST(origin AS INTEGER) AS n FROM flights'));
    expect(error).toBeInstanceOf(PrepareFailedError);
    expect(error.message).toMatch(/it failed while it ran: Could not convert string 'A0' to INT32/);
  });

  it.each<[string, Partial<typeof task>, string, RegExp]>([
    [
      'a feature that is not there',
      { features: ['distanc'] },
      'distanc',
      /no column "distanc", the feature; the nearest is "distance"/,
    ],
    [
      'a feature that is like no other',
      { features: ['zzz'] },
      'zzz',
      /no column "zzz", the feature; it has "date", "distance"/,
    ],
    [
      'a feature of another type',
      { features: ['date'] },
      'date',
      /feature "date" is of type timestamp, want string, integer/,
    ],
    ['a label that is not there', { label: 'Late' }, 'Late', /no column "Late", the label; the nearest is "late"/],
    [
      'a label of text',
      { label: 'origin', features: ['distance'] },
      'origin',
      /the label "origin" is of type string, want boolean/,
    ],
    [
      'an event time of another type',
      { eventTime: 'origin' },
      'origin',
      /the event time "origin" is of type string, want timestamp/,
    ],
  ])('names %s', async (_, change, column, message) => {
    const error = await errorOf(prepare(undefined, { task: change }));
    expect(error).toBeInstanceOf(PrepareFailedError);
    expect(error.message).toMatch(message);
    expect(error.details).toMatchObject({ column });
  });

  it('refuses labels that are not two classes', async () => {
    expect((await errorOf(prepare('SELECT * REPLACE (true AS late) FROM flights'))).message).toMatch(
      /one class in all 100 rows/,
    );
    expect((await errorOf(prepare('SELECT * REPLACE (2 AS late) FROM flights'))).message).toMatch(/neither 1 nor 0/);
  });

  it('refuses two columns of one name', async () => {
    const error = await errorOf(prepare('SELECT *, 1 AS "Distance" FROM flights'));
    expect(error.message).toMatch(/two columns are named/);
  });

  it('wants rows, parts, and SQL for more than one source', async () => {
    expect(await errorOf(prepare('SELECT * FROM flights WHERE false'))).toBeInstanceOf(DataEmptyError);
    const noParts = await errorOf(prepare(undefined, { tables: { flights: [] } }));
    expect(noParts.message).toMatch(/source "flights" has no data in the time range/);
    const two = await errorOf(prepare(undefined, { tables: { flights: [flights], airports: [airports] } }));
    expect(two.message).toMatch(/there are 2 sources \(flights, airports\) and no SQL that joins them/);
  });

  it('reaches no file beside the parts, not even in their folder', async () => {
    for (const sql of [`SELECT * FROM read_parquet('${airports}')`, `SELECT * FROM glob('${bench.folder}/*')`]) {
      const error = await errorOf(
        prepareTable({ tables: { flights: [flights] }, sql, task, outFile: join(bench.folder, 'parts', 'x') }),
      );
      expect(error).toBeInstanceOf(PrepareFailedError);
      expect(error.message).toMatch(/Cannot access file/);
    }
  });

  it('leaves nothing in the folder of the parts', async () => {
    expect((await readdir(bench.folder)).filter((name) => /spill|tmp/.test(name))).toEqual([]);
  });
});
