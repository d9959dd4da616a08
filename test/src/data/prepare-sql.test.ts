import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createAsOf } from '../../../src/data/as-of-macro.js';
import { withDuckDb, type Db } from '../../../src/data/duckdb.js';
import { checkPrepareSql, checkSqlText, VOLATILE_FUNCTIONS } from '../../../src/data/prepare-sql.js';
import { PrepareFailedError } from '../../../src/errors.js';
import { errorOf } from './data-job.js';

function withOrders<T>(job: (db: Db) => Promise<T>): Promise<T> {
  return withDuckDb({ folders: [], tempFolder: tmpdir() }, async (db) => {
    await createAsOf(db);
    await db.run(`CREATE TEMP VIEW orders AS SELECT 1 AS id, TIMESTAMP '2026-01-01' AS ts, 'a' AS product, 5 AS price`);
    return await job(db);
  });
}
const check = (sql: string) => withOrders((db) => checkPrepareSql(db, sql));

describe('checkPrepareSql', () => {
  it.each([
    ['a random number', 'SELECT random() FROM orders', /found random\(\), which gives something else each time/],
    ['a random order', 'FROM orders ORDER BY random()', /found random\(\)/],
    ['one in a condition of an aggregate', 'SELECT max(id) FILTER (random() > 0.5) FROM orders', /found random\(\)/],
    ['one in a window', 'SELECT row_number() OVER (ORDER BY random()) FROM orders', /found random\(\)/],
    ['one in a WITH', 'WITH x AS (SELECT random() AS r) SELECT * FROM x', /found random\(\)/],
    ['one in a lambda', 'SELECT list_transform([1], lambda x: x + random()) FROM orders', /found random\(\)/],
    ['one after a UNION', 'SELECT id FROM orders UNION SELECT random()', /found random\(\)/],
    ['one in an argument', 'FROM as_of(orders, orders, random(), ts, ts)', /found random\(\)/],
    ['one with its whole name', 'SELECT "system".main."RANDOM"()', /found random\(\)/],
    ['one in SQL that is text', "FROM query('SELECT random()')", /found the table function query\(\)/],
    ['a new identifier', 'SELECT uuid(), * FROM orders', /found uuid\(\)/],
    ['a sample', 'FROM orders TABLESAMPLE 10%', /found a sample/],
    ['a sample below', 'FROM (FROM orders USING SAMPLE 3 ROWS)', /found a sample/],
    ['the time', 'SELECT now() - ts FROM orders', /found now\(\)/],
    ['the time here', 'SELECT ts - current_localtimestamp() FROM orders', /found current_localtimestamp\(\)/],
    ['the time of the day here', 'SELECT current_localtime() FROM orders', /found current_localtime\(\)/],
    ['the day', 'SELECT today() FROM orders', /found today\(\)/],
    [
      'the time as a word',
      'SELECT (SELECT max(t) FROM (SELECT LocalTimestamp AS t)), id FROM orders',
      /localtimestamp/,
    ],
    ['the day as a word', 'SELECT *, current_date FROM orders', /found current_date/],
    ['an age until now', 'SELECT age(ts) FROM orders', /found age\(\)/],
    ['a time ago', 'FROM orders WHERE ts > ago(INTERVAL 1 DAY)', /found ago\(\)/],
    ['a setting', "SELECT current_setting('threads') FROM orders", /found current_setting\(\)/],
    ['settings', 'FROM duckdb_settings()', /found the table function duckdb_settings\(\), want sources only/],
    ['what acts', 'FROM checkpoint()', /found the table function checkpoint\(\)/],
    ['the catalog', 'FROM information_schema.tables', /found the table tables of DuckDB itself/],
    ['the catalog by its view', 'FROM duckdb_tables', /found the table duckdb_tables of DuckDB itself/],
  ])('refuses %s', async (_, sql, message) => {
    const error = await errorOf(check(sql));
    expect(error).toBeInstanceOf(PrepareFailedError);
    expect(error.message).toMatch(message);
    expect((error as PrepareFailedError).fix).toBeTruthy();
  });

  it('says what can be said without the data', async () => {
    await checkSqlText('SELECT price / 2 AS half FROM anything WHERE ts > (SELECT max(ts) FROM other) -- or so');
    for (const [sql, message] of [
      ['SELEKT 1', /begins with "SELEKT"/],
      ['SELECT 1 FROM', /syntax error/],
      ['SELECT random() FROM orders', /found random\(\)/],
      ["SELECT * FROM read_csv('/etc/passwd')", /found the table function read_csv\(\)/],
      ['SELECT 1; SELECT 2', /./],
    ] as const) {
      const error = await errorOf(checkSqlText(sql));
      expect(error, sql).toBeInstanceOf(PrepareFailedError);
      expect(error.message).toMatch(message);
    }
  });

  it.each([
    ['the age between two times', 'SELECT age(ts, ts) FROM orders'],
    ['parts of times', "SELECT date_trunc('day', ts), time_bucket(INTERVAL 1 DAY, ts) FROM orders"],
    ['an error of its own', "SELECT CASE WHEN price < 0 THEN error('price') ELSE price END FROM orders"],
    ['a choice by hash', 'FROM orders WHERE hash(id) % 10 = 0'],
    ['numbers and lists as tables', 'SELECT * FROM orders, range(3), (SELECT unnest([1, 2]))'],
    ['a recursive WITH', 'WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x WHERE a < 4) FROM x'],
    ['a pivot over values that are named', "FROM (PIVOT orders ON product IN ('a', 'b') USING sum(price))"],
    ['the helper', 'SELECT id, known.price FROM as_of(orders, orders, product, ts, ts)'],
    ['a column that is called as a user is', 'SELECT product AS "user" FROM orders; -- end'],
  ])('takes %s', async (_, sql) => {
    await check(sql);
  });

  it('knows every function of DuckDB that DuckDB calls volatile, and the macros made of them', async () => {
    const names = await withOrders((db) =>
      db.rows(
        `WITH volatile AS (
           SELECT DISTINCT function_name AS name FROM duckdb_functions()
           WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') AND function_name <> 'error' -- it only ends the run
         )
         SELECT name FROM volatile
         UNION SELECT function_name FROM duckdb_functions(), volatile
         WHERE function_type LIKE '%macro' AND internal
           AND regexp_matches(macro_definition, '\\b' || name || '\\b|\\bcurrent_(date|time|timestamp)\\b')`,
      ),
    );
    expect(names.length).toBeGreaterThan(20);
    expect(names.map(([name]) => String(name)).filter((name) => !VOLATILE_FUNCTIONS.has(name))).toEqual([]);
  });
});
