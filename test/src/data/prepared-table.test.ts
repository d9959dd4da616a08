import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAsOf } from '../../../src/data/as-of-macro.js';
import { withDuckDb } from '../../../src/data/duckdb.js';
import { writingOptions } from '../../../src/data/job-options.js';
import { preparedTable } from '../../../src/data/prepared-table.js';
import { prepareStep } from '../../../src/data/prepare-error.js';
import { createTables } from '../../../src/data/source-tables.js';
import { PrepareFailedError } from '../../../src/errors.js';
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

/** Runs the SQL, and gives the columns of the training table, their types as stored, and its rows. */
async function prepare(
  sql: string | undefined,
  more: { tables?: Record<string, string[]>; task?: Partial<typeof task> } = {},
) {
  const tables = Object.entries(more.tables ?? { flights: [flights] }).map(
    ([name, files]) => [name, { parts: files.map((file) => ({ file })) }] as const,
  );
  const input = { tables: Object.fromEntries(tables), task: { ...task, ...more.task } };
  const files = tables.flatMap(([, { parts }]) => parts.map(({ file }) => file));
  return await withDuckDb(writingOptions(files, join(bench.folder, 'parts'), {}), async (db) => {
    await createTables(db, input.tables);
    await createAsOf(db);
    const { columns, select } = await preparedTable(db, { ...input, ...(sql !== undefined && { sql }) });
    await prepareStep(() => db.run(`CREATE TEMP TABLE training AS ${select}`), 'it failed while it ran');
    const types = (await db.describe('FROM training')).map(({ type }) => type);
    return { columns, types, rows: await db.rows('FROM training ORDER BY ALL') };
  });
}

describe('preparedTable', () => {
  it('takes the only source as it is when there is no SQL', async () => {
    const { columns, types, rows } = await prepare(undefined);
    expect(rows).toHaveLength(100);
    expect(columns).toEqual([
      { name: 'date', type: 'timestamp' },
      { name: 'distance', type: 'integer' },
      { name: 'late', type: 'boolean' },
      { name: 'share', type: 'number' },
      { name: 'origin', type: 'string' },
    ]);
    expect(types).toEqual(['TIMESTAMP', 'BIGINT', 'UTINYINT', 'DOUBLE', 'VARCHAR']);
  });

  it('joins sources under their names, dashes and all, and stores one type for each kind of column', async () => {
    const sql = `-- height of the airport
      WITH a AS (SELECT * FROM "air-ports")
      SELECT date::TIMESTAMPTZ AS date, sum(distance) OVER (ORDER BY date) AS distance, origin, (late)::TINYINT AS late,
        height::DECIMAL(9, 2) AS height, DATE '2001-01-01' AS day
      FROM flights JOIN a ON origin = code; -- that is all`;
    const { columns, types } = await prepare(sql, { tables: { flights: [flights], 'air-ports': [airports] } });
    expect(columns.map(({ type }) => type)).toEqual(['timestamp', 'integer', 'string', 'boolean', 'number', 'date']);
    expect(types).toEqual(['TIMESTAMP', 'BIGINT', 'VARCHAR', 'UTINYINT', 'DOUBLE', 'DATE']);
  });

  it('matches the columns of the parts of a source by name', async () => {
    const other = await bench.parquet(
      'other.parquet',
      `SELECT 'A9' AS origin, 5 AS distance, true AS late, TIMESTAMP '2001-02-01' AS date`,
    );
    const { rows } = await prepare(undefined, { tables: { flights: [flights, other] } });
    expect(rows).toHaveLength(101);
    expect(rows.filter(([, , , , origin]) => origin === 'A9')).toEqual([['2001-02-01 00:00:00', '5', 1, null, 'A9']]);
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
    expect(error.message).toMatch(/it failed while it ran: Could not convert string '\.\.\.' to INT32/);
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

  it('refuses two columns of one name', async () => {
    const error = await errorOf(prepare('SELECT *, 1 AS "Distance" FROM flights'));
    expect(error.message).toMatch(/two columns are named/);
  });

  it('wants parts, and SQL for more than one source', async () => {
    const noParts = await errorOf(prepare(undefined, { tables: { flights: [] } }));
    expect(noParts.message).toMatch(/source "flights" has no data in the time range/);
    const two = await errorOf(prepare(undefined, { tables: { flights: [flights], airports: [airports] } }));
    expect(two.message).toMatch(/there are 2 sources \(flights, airports\) and no SQL that joins them/);
  });

  it('reaches no file beside the parts, not even in their folder', async () => {
    for (const sql of [`SELECT * FROM read_parquet('${airports}')`, `SELECT * FROM glob('${bench.folder}/*')`]) {
      const error = await errorOf(prepare(sql));
      expect(error).toBeInstanceOf(PrepareFailedError);
      expect(error.message).toMatch(/Cannot access file/);
    }
    // The parts are there as tables: their paths are no names to write down.
    expect((await errorOf(prepare(`SELECT * FROM read_parquet('${flights}')`))).message).toMatch(
      /found the table function read_parquet\(\), want sources only/,
    );
  });

  it('leaves nothing in the folder of the parts', async () => {
    expect((await readdir(bench.folder)).filter((name) => /spill|tmp/.test(name))).toEqual([]);
  });
});
