import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SplitSpec } from '../../../../src/spec/spec.js';
import { errorOf, workbench, type Workbench } from '../data-job.js';
import {
  bigTable,
  digestsOf,
  idsOf,
  parquetOf,
  sideOf,
  splitRows,
  toyTable,
  trySplit,
  type ToyRow,
} from './toy-table.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

const shares = { last: 'all', validation: 0.2, test: 0.3, lookback: '0d', maxTrainRows: 100_000 } as const;
const byGroup: SplitSpec = { by: 'group', columns: ['shop'], ...shares };
const byHash: SplitSpec = { by: 'hash', columns: ['id'], ...shares };
const stratified: SplitSpec = { by: 'stratified', columns: ['id'], ...shares };

describe.each([byGroup, byHash, stratified])('a split by $by', (spec) => {
  it('puts each row into one file and loses none, whatever the order, with the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(toyTable(40), async (rows) => {
        const facts = await trySplit(bench, rows, spec);
        // Small tables often leave a side without rows: those cases do not count.
        fc.pre(facts !== undefined);
        const sides = await sideOf(bench, facts);
        expect([...sides.keys()].toSorted((a, b) => a - b)).toEqual(rows.map(({ id }) => id).toSorted((a, b) => a - b));
        const again = await splitRows(bench, rows.toReversed(), spec, { seed: 8 });
        expect(digestsOf(again)).toEqual(digestsOf(facts));
      }),
      { numRuns: 8 },
    );
  });

  it('has about its shares of many, and the range of times of its rows', async () => {
    const facts = await splitRows(bench, bigTable(4000), spec);
    expect(facts.test.rows / 4000).toBeCloseTo(0.3, spec.by === 'group' ? 0 : 1);
    expect(facts.validation.rows / 4000).toBeCloseTo(0.2, spec.by === 'group' ? 0 : 1);
    expect(facts.train).toMatchObject({ from: '2026-01-01T00:00:00.000Z', to: '2026-01-10T23:00:00.001Z' });
  });

  it('looks at the newest rows only when it is told to', async () => {
    const rows = bigTable(2400);
    const facts = await splitRows(bench, rows, { ...spec, last: '2d' });
    const sides = await sideOf(bench, facts);
    expect([...sides.keys()].toSorted((a, b) => a - b)).toEqual(
      rows.filter(({ hour }) => hour >= 192).map(({ id }) => id),
    );
    expect(facts.train.from >= '2026-01-09').toBe(true);
  });

  it('samples the training rows and nothing else', async () => {
    const whole = await splitRows(bench, bigTable(1000), spec);
    const facts = await splitRows(bench, bigTable(1000), { ...spec, maxTrainRows: 100 });
    expect(facts.train).toMatchObject({ rows: 100, rowsInWindow: whole.train.rows });
    expect(digestsOf(facts).slice(1)).toEqual(digestsOf(whole).slice(1));
  });
});

describe.each([byGroup, byHash])('a split by $by', (spec) => {
  it('keeps every row on its side for ever, whatever rows come and go', async () => {
    await fc.assert(
      fc.asyncProperty(toyTable(30), toyTable(30), async (rows, others) => {
        const known = new Set(rows.map(({ id }) => id));
        const facts = await trySplit(bench, rows, spec);
        const more = await trySplit(bench, [...others.filter(({ id }) => !known.has(id)), ...rows], spec);
        fc.pre(facts !== undefined && more !== undefined);
        const [before, after] = [await sideOf(bench, facts), await sideOf(bench, more)];
        for (const [id, side] of before) expect(after.get(id)).toBe(side);
      }),
      { numRuns: 8 },
    );
  });
});

describe('a split by group', () => {
  it('never has a group on two sides', async () => {
    await fc.assert(
      fc.asyncProperty(toyTable(60), async (rows) => {
        const facts = await trySplit(bench, rows, byGroup);
        // Small tables often leave a side without rows: those cases do not count.
        fc.pre(facts !== undefined);
        const sides = await sideOf(bench, facts);
        const bySide = new Map<string | null, Set<string | undefined>>();
        for (const { id, shop } of rows) bySide.set(shop, (bySide.get(shop) ?? new Set()).add(sides.get(id)));
        for (const [shop, found] of bySide) expect(found.size, String(shop)).toBe(1);
      }),
      { numRuns: 8 },
    );
  });

  it('says what to do when all groups are on the other sides', async () => {
    const lonely = bigTable(50).map((row) => ({ ...row, shop: 'only' }));
    const error = await errorOf(splitRows(bench, lonely, byGroup));
    expect(error).toMatchObject({ code: 'DATA.EMPTY' });
    expect(error.message).toMatch(/^Cannot split by group: no row is left to (train|validate|test)$/);
  });
});

describe('a split by hash', () => {
  it('is the same on every machine and in every version', async () => {
    const ids = await idsOf(bench, await splitRows(bench, bigTable(12), byHash));
    // The first eight bytes of MD5("perennial 1 1:0"), and so on, least significant first, as shares of 2^64.
    expect(ids).toEqual(GOLDEN);
  });

  it('does not mind that whole numbers have become fractions, or days times', async () => {
    const rows = bigTable(300);
    const facts = await splitRows(bench, rows, byHash);
    const sql = 'SELECT * REPLACE (id::DOUBLE AS id) FROM visits';
    expect(await sideOf(bench, await splitRows(bench, rows, byHash, { sql }))).toEqual(await sideOf(bench, facts));
  });

  it('only adds to a side whose share grows', async () => {
    const rows = bigTable(500);
    const small = await idsOf(bench, await splitRows(bench, rows, byHash));
    const large = await idsOf(bench, await splitRows(bench, rows, { ...byHash, test: 0.4 }));
    expect(large.test).toEqual(expect.arrayContaining(small.test));
  });

  it('refuses rows without a key, and a key that is the label or is not there', async () => {
    const sql = 'SELECT * REPLACE (CASE WHEN id > 5 THEN id END AS id) FROM visits';
    expect((await errorOf(splitRows(bench, bigTable(20), byHash, { sql }))).message).toMatch(
      /the key of the split, "id", is empty in 6 rows, want a value in each/,
    );
    const keyed = (columns: string[]) => errorOf(splitRows(bench, bigTable(20), { ...byHash, columns }));
    expect((await keyed(['yes'])).message).toMatch(/the split goes by "yes", which is the label/);
    expect((await keyed(['shopp'])).message).toMatch(/no column "shopp", the key of the split; the nearest is "shop"/);
  });

  it('tells keys of several columns apart', async () => {
    const pairs =
      "SELECT * REPLACE ('x' AS shop), ['a', 'ab'][1 + id % 2] AS k1, ['bc', 'c'][1 + id % 2] AS k2 FROM visits";
    const sides = await sideOf(
      bench,
      await splitRows(bench, bigTable(400), { ...byHash, columns: ['k1', 'k2', 'id'] }, { sql: pairs }),
    );
    expect(new Set(sides.values()).size).toBe(3);
  });
});

describe('a stratified split', () => {
  it('has the same share of each class on every side, to the row', async () => {
    const classes = fc.record({ yes: fc.integer({ min: 10, max: 90 }), no: fc.integer({ min: 10, max: 90 }) });
    await fc.assert(
      fc.asyncProperty(classes, async ({ yes, no }) => {
        const rows = bigTable(yes + no).map((row, index) => ({ ...row, yes: index < yes }));
        const facts = await splitRows(bench, rows, stratified);
        const count = (side: 'train' | 'validation' | 'test') =>
          Math.round(facts[side].positiveShare! * facts[side].rows);
        expect(count('test')).toBe(Math.round(yes * 0.3));
        expect(count('validation')).toBe(Math.round(yes * 0.5) - Math.round(yes * 0.3));
        expect(facts.test.rows - count('test')).toBe(Math.round(no * 0.3));
      }),
      { numRuns: 15 },
    );
  });

  it('moves few rows when others are added', async () => {
    const before = await sideOf(bench, await splitRows(bench, bigTable(10_000), stratified));
    const after = await sideOf(bench, await splitRows(bench, bigTable(20_000), stratified));
    const moved = [...before].filter(([id, side]) => after.get(id) !== side).length;
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(200);
  });
});

describe('a split with a fixed test set', () => {
  const fixed: SplitSpec = {
    by: 'fixed',
    source: 'exam',
    key: ['id'],
    last: 'all',
    validation: 0.2,
    lookback: '0d',
    maxTrainRows: 100_000,
  };
  const exam = async (rows: readonly ToyRow[]) => ({ parts: [{ file: await parquetOf(bench, rows) }] });

  it('tests on that set as it is and learns from no row of it', async () => {
    await fc.assert(
      fc.asyncProperty(toyTable(40), toyTable(10), async (rows, test) => {
        const taken = [...test, ...rows.filter((_, index) => index % 5 === 0)];
        const unique = [...new Map(taken.map((row) => [row.id, row])).values()];
        const facts = await trySplit(bench, rows, fixed, { tables: { exam: await exam(unique) } });
        // Small tables often leave a side without rows: those cases do not count.
        fc.pre(facts !== undefined);
        const sides = await sideOf(bench, facts);
        const ids = new Set(unique.map(({ id }) => id));
        for (const id of ids) expect(sides.get(id)).toBe('test');
        for (const { id } of rows) expect(sides.get(id) === 'test').toBe(ids.has(id));
        expect(sides.size).toBe(new Set([...rows, ...unique].map(({ id }) => id)).size);
      }),
      { numRuns: 8 },
    );
  });

  it('does not show the set to the SQL', async () => {
    const tables = { exam: await exam(bigTable(20)) };
    const error = await errorOf(splitRows(bench, bigTable(200), fixed, { tables, sql: 'SELECT * FROM exam' }));
    expect(error.message).toMatch(/Table with name exam does not exist/);
    const facts = await splitRows(bench, bigTable(200), fixed, { tables, checkLeaks: true });
    expect(facts.test).toMatchObject({ rows: 20, rowsInWindow: 20 });
    expect(facts.leakCheck).toMatchObject({ uncut: [] });
  });

  it('keeps the set whatever time a run is told', async () => {
    const tables = { exam: await exam(bigTable(240).filter(({ hour }) => hour > 200)) };
    const facts = await splitRows(bench, bigTable(240), fixed, { tables, asOf: '2026-01-05T00:00:00.000Z' });
    expect(facts.test.to > '2026-01-10').toBe(true);
    expect(facts.train.to <= '2026-01-05').toBe(true);
  });

  it('names what the set lacks', async () => {
    const file = await bench.parquet(
      'exam.parquet',
      `SELECT 1 AS id, 'a' AS shop, true AS yes, TIMESTAMP '2026-01-01' AS t`,
    );
    const tables = { exam: { parts: [{ file }] } };
    const error = await errorOf(splitRows(bench, bigTable(200), fixed, { tables }));
    expect(error.message).toMatch(/the test set has no column "ts", the nearest is "t"/);
    const other = await bench.parquet(
      'exam.parquet',
      `SELECT 'x' AS id, 'a' AS shop, true AS yes, TIMESTAMP '2026-01-01' AS ts`,
    );
    const wrong = await errorOf(
      splitRows(bench, bigTable(200), fixed, { tables: { exam: { parts: [{ file: other }] } } }),
    );
    expect(wrong.message).toMatch(/"id" of the test set is string, want integer/);
    const none = await errorOf(splitRows(bench, bigTable(200), fixed, { tables: { exam: { parts: [] } } }));
    expect(none.message).toMatch(/source "exam" holds no files/);
  });
});

const GOLDEN = { train: [0, 1, 2, 3, 5, 8, 9], validation: [4, 6, 11], test: [7, 10] };
