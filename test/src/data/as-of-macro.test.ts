import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAsOf } from '../../../src/data/as-of-macro.js';
import { checkPrepareSql } from '../../../src/data/prepare-sql.js';
import { withDuckDb, type Db, type SqlValue } from '../../../src/data/duckdb.js';

/** Orders at 10:00 (of a and b) and 12:00 (of a); prices of a from 09:00, 10:00 and 11:30, and of b from noon. */
function withShop(job: (db: Db) => Promise<SqlValue[][]>): Promise<SqlValue[][]> {
  return withDuckDb({ folders: [], tempFolder: tmpdir() }, async (db) => {
    await createAsOf(db);
    const at = (time: string) => `TIMESTAMP '2026-01-01 ${time}'`;
    await db.run(`CREATE TEMP VIEW orders AS SELECT * FROM (VALUES
      (1, 'a', ${at('10:00')}), (2, 'b', ${at('10:00')}), (3, 'a', ${at('12:00')})) t(id, product, ordered_at)`);
    await db.run(`CREATE TEMP VIEW prices AS SELECT * FROM (VALUES
      ('a', ${at('09:00')}, 1), ('a', ${at('10:00')}, 2), ('a', ${at('11:30')}, 3), ('b', ${at('12:00')}, 9)
      ) t(product, valid_from, price)`);
    return await job(db);
  });
}
const shop = (sql: string) => withShop((db) => db.rows(sql));

describe('as_of', () => {
  it('gives the last value known before the event, and null where there is none', async () => {
    const found = await shop(
      `SELECT id, ordered_at::VARCHAR, known.price FROM as_of(orders, prices, product, ordered_at, valid_from) ORDER BY id`,
    );
    expect(found).toEqual([
      [1, '2026-01-01 10:00:00', 1],
      [2, '2026-01-01 10:00:00', null],
      [3, '2026-01-01 12:00:00', 3],
    ]);
  });

  it('takes a value of the very instant when asked to', async () => {
    const found = await shop(
      `SELECT id, known.price FROM as_of(orders, prices, key := product, event_time := ordered_at, known_at := valid_from,
         at_or_before := true) ORDER BY id`,
    );
    expect(found.map(([, price]) => price)).toEqual([2, null, 3]);
  });

  it('waits until a value can be used', async () => {
    const found = await shop(
      `SELECT id, known.price FROM as_of(orders, prices, product, ordered_at, valid_from, delay := INTERVAL 45 MINUTE)
       ORDER BY id`,
    );
    expect(found.map(([, price]) => price)).toEqual([1, null, 2]);
  });

  it('takes expressions, several keys, names of a WITH, and columns that are called like its parameters', async () => {
    const found = await shop(
      `WITH chosen AS (SELECT id, product, 0 AS delay, ordered_at AS event_time, 7 AS key FROM orders WHERE product = 'a')
       SELECT id, delay, key, known.price
       FROM as_of(chosen, prices, (product, 1), event_time + to_hours(delay), known_at := CAST(valid_from AS DATE)) ORDER BY id`,
    );
    expect(found).toEqual([
      [1, 0, 7, 3],
      [3, 0, 7, 3],
    ]);
  });

  it('joins a table with its own past', async () => {
    const found = await shop(
      'SELECT id, known.id FROM as_of(orders, orders, product, ordered_at, ordered_at) ORDER BY id',
    );
    expect(found).toEqual([
      [1, null],
      [2, null],
      [3, 1],
    ]);
  });

  it('is what a plain search finds, always the same where two values became known together', async () => {
    const row = fc.record({ key: fc.constantFrom('a', 'b', null), minute: fc.nat(12), value: fc.nat(99) });
    const rows = fc.array(row, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rows, rows, fc.nat(3), fc.boolean(), async (events, history, delay, together) => {
        const table = (of: typeof events) =>
          of.map(({ key, minute, value }, index) => {
            return `(${index}, ${key === null ? 'NULL::VARCHAR' : `'${key}'`}, TIMESTAMP '2026-01-01' + to_minutes(${minute}), ${value})`;
          });
        const found = await withDuckDb({ folders: [], tempFolder: tmpdir() }, async (db) => {
          await createAsOf(db);
          await db.run(`CREATE TEMP TABLE e AS SELECT * FROM (VALUES ${table(events).join(', ')}) t(i, k, ts, v)`);
          await db.run(
            `CREATE TEMP TABLE h AS SELECT v, i, k, ts FROM (VALUES ${table(history).join(', ')}) t(i, k, ts, v)`,
          );
          return await db.rows(
            `SELECT i, known.v FROM as_of(e, h, k, ts, ts, delay := to_minutes(${delay}), at_or_before := ${together}) ORDER BY i`,
          );
        });
        const wanted = events.map(({ key, minute }, index) => {
          const before = history
            .filter((past) => past.key !== null && past.key === key)
            .filter((past) => (together ? past.minute + delay <= minute : past.minute + delay < minute))
            .toSorted((a, b) => a.minute - b.minute || a.value - b.value);
          return [index, before.at(-1)?.value ?? null];
        });
        expect(found).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  it('does what docs/prepare.md says: its examples run', async () => {
    const text = await readFile('docs/prepare.md', 'utf8');
    const examples = [...text.matchAll(/```sql\n([^]*?)```/g)].map(([, sql = '']) => sql);
    expect(examples).toHaveLength(3);
    await withDuckDb({ folders: [], tempFolder: tmpdir() }, async (db) => {
      await createAsOf(db);
      const time = "TIMESTAMP '2026-01-01'";
      await db.run(`CREATE TEMP VIEW orders AS SELECT 'c1' AS customer, 'a' AS product, 'Ulm' AS city, 'DE' AS country,
        2 AS items, false AS returned, ${time} AS ordered_at`);
      await db.run(
        `CREATE TEMP VIEW prices AS SELECT 'a' AS product, ${time} - INTERVAL 1 DAY AS valid_from, 5 AS price`,
      );
      await db.run(`CREATE TEMP VIEW weather AS SELECT 'Ulm' AS city, ${time} AS measured_at, 21 AS celsius`);
      for (const sql of examples) {
        await checkPrepareSql(db, sql);
        expect(await db.rows(sql)).toHaveLength(1);
      }
      expect((await db.rows(examples[2] ?? ''))[0]?.slice(-2)).toEqual([5, null]);
    });
  });
});
