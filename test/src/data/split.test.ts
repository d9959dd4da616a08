import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareSplit, type SplitFacts } from '../../../src/data/split.js';
import { DataEmptyError, PrepareFailedError } from '../../../src/errors.js';
import type { TimeSplit } from '../../../src/spec/spec.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
/** Ten days from 2001-01-01, 144 rows a day, every third late; each row knows its number. */
let ten = '';
beforeAll(async () => {
  bench = await workbench();
  ten = await bench.parquet('ten.parquet', rowsOf('range(1440)'));
});
afterAll(async () => bench.close());

function rowsOf(range: string): string {
  return `SELECT TIMESTAMP '2001-01-01' + INTERVAL (i * 10) MINUTE AS date, i AS id, 'A' || i % 7 AS origin, i / 7.0 AS share,
    i % 3 = 0 AS late FROM ${range} r(i)`;
}

const task = { label: 'late', features: ['origin', 'share'], eventTime: 'date', labelDelay: '0s' };
const spec: TimeSplit = {
  by: 'time',
  train: '6d',
  validation: '1d',
  test: '2d',
  gap: '0d',
  lookback: '0d',
  maxTrainRows: 100_000,
};

function split(
  file: string,
  change: { spec?: Partial<TimeSplit>; seed?: number; sql?: string; asOf?: string; task?: Partial<typeof task> } = {},
): Promise<SplitFacts> {
  return prepareSplit({
    tables: { flights: { parts: [{ file }], eventTime: 'date' } },
    task: { ...task, ...change.task },
    spec: { ...spec, ...change.spec },
    seed: change.seed ?? 7,
    outFolder: bench.path('split'),
    ...(change.sql !== undefined && { sql: change.sql }),
    ...(change.asOf !== undefined && { asOf: change.asOf }),
  });
}
const idsIn = async (file: string) =>
  (await bench.query(`SELECT id::INTEGER FROM '${file}'`)).map(([id]) => Number(id));

describe('prepareSplit', () => {
  it('cuts the newest days into test, validation and train', async () => {
    const { columns, train, validation, test } = await split(ten);
    expect(test).toMatchObject({
      rows: 288,
      rowsInWindow: 288,
      from: '2001-01-09T00:00:00.000Z',
      to: '2001-01-11T00:00:00.000Z',
    });
    expect(validation).toMatchObject({ rows: 144, from: '2001-01-08T00:00:00.000Z', to: test.from });
    expect(train).toMatchObject({
      rows: 864,
      rowsInWindow: 864,
      from: '2001-01-02T00:00:00.000Z',
      to: validation.from,
    });
    expect(await idsIn(train.file)).toEqual(Array.from({ length: 864 }, (_, index) => 144 + index));
    expect(train.positiveShare).toBeCloseTo(1 / 3, 10);
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'date timestamp',
      'id integer',
      'origin string',
      'share number',
      'late boolean',
    ]);
    expect(await bench.query(`SELECT DISTINCT typeof(late), typeof(id) FROM '${test.file}'`)).toEqual([
      ['BOOLEAN', 'BIGINT'],
    ]);
  });

  it('names each file by its bytes', async () => {
    const { test } = await split(ten);
    expect(test.ref.bytes).toBe((await readFile(test.file)).length);
    expect(test.ref.key).toContain(test.ref.sha256);
  });

  it('gives the same bytes for the same rows, in whatever order they come', async () => {
    const shuffled = await bench.parquet(
      'shuffled.parquet',
      `SELECT * FROM (${rowsOf('range(1440)')}) ORDER BY hash(id)`,
    );
    const all = [
      await split(ten, { spec: { maxTrainRows: 100 } }),
      await split(shuffled, { spec: { maxTrainRows: 100 } }),
      await split(ten, { spec: { maxTrainRows: 100 }, sql: 'SELECT * FROM flights ORDER BY hash(id + 1)' }),
    ];
    for (const name of ['train', 'validation', 'test'] as const) {
      expect(new Set(all.map((each) => each[name].ref.sha256)).size, name).toBe(1);
    }
  });

  it('samples exactly as many training rows as are wanted, others with another seed, and not by time', async () => {
    const small = { maxTrainRows: 300 };
    const one = await split(ten, { spec: small });
    const two = await split(ten, { spec: small, seed: 8 });
    expect(one.train).toMatchObject({ rows: 300, rowsInWindow: 864 });
    const [ids, others] = [await idsIn(one.train.file), await idsIn(two.train.file)];
    expect(ids).toHaveLength(new Set(ids).size);
    const shared = ids.filter((id) => others.includes(id)).length;
    expect(shared).toBeGreaterThan(60);
    expect(shared).toBeLessThan(150);
    const middle = ids.filter((id) => id < 144 + 432).length;
    expect(middle).toBeGreaterThan(110);
    expect(middle).toBeLessThan(190);
    expect(one.test.ref.sha256).toBe(two.test.ref.sha256);
  });

  it('keeps the chosen rows when the last digits of fractions differ', async () => {
    const small = { maxTrainRows: 300 };
    const nudged = await split(ten, { spec: small, sql: 'SELECT * REPLACE (share + 1e-13 AS share) FROM flights' });
    expect(await idsIn(nudged.train.file)).toEqual(await idsIn((await split(ten, { spec: small })).train.file));
  });

  it('never puts a row into two files, loses none of a window, and respects the windows', async () => {
    const days = fc.integer({ min: 1, max: 3 });
    const input = fc.record({
      train: days,
      validation: days,
      test: days,
      seed: fc.nat(1000),
      cap: fc.integer({ min: 1, max: 600 }),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ train, validation, test, seed, cap }) => {
        const windows = { train: `${train}d`, validation: `${validation}d`, test: `${test}d`, maxTrainRows: cap };
        const facts = await split(ten, { spec: windows, seed }).catch((error: unknown) => {
          // A sample of a few rows may have one class only.
          expect(error).toBeInstanceOf(PrepareFailedError);
          return undefined;
        });
        if (!facts) return;
        const seen = new Set<number>();
        for (const name of ['train', 'validation', 'test'] as const) {
          const { file, from, to, rows, rowsInWindow } = facts[name];
          const ids = await idsIn(file);
          expect(rows).toBe(ids.length);
          expect(rows).toBe(name === 'train' ? Math.min(cap, rowsInWindow) : rowsInWindow);
          for (const id of ids) {
            expect(seen.has(id)).toBe(false);
            seen.add(id);
            const at = Date.parse('2001-01-01T00:00:00Z') + id * 600_000;
            expect(at >= Date.parse(from) && at < Date.parse(to)).toBe(true);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('takes labels of 1 and 0', async () => {
    const { test } = await split(ten, { sql: 'SELECT * REPLACE (if(late, 1.0, 0.0) AS late) FROM flights' });
    expect(test.positiveShare).toBeCloseTo(1 / 3, 10);
  });

  it('says which window has no rows and what to change', async () => {
    const gap = await bench.parquet('gap.parquet', `SELECT * FROM (${rowsOf('range(1440)')}) WHERE day(date) <> 8`);
    const error = await errorOf(split(gap));
    expect(error).toBeInstanceOf(DataEmptyError);
    expect(error.message).toBe(
      'Cannot split by time: no row falls into the validation window, 2001-01-08T00:00:00.000Z to 2001-01-09T00:00:00.000Z',
    );
    expect((error as DataEmptyError).fix).toMatch(/split.validation/);
    const short = await bench.parquet('short.parquet', rowsOf('range(200)'));
    expect((await errorOf(split(short))).message).toMatch(/train window|validation window/);
    expect((await errorOf(split(ten, { sql: 'SELECT * FROM flights WHERE false' }))).message).toMatch(/it has no rows/);
  });

  it('refuses rows of the windows without a label or with another, and rows without a time', async () => {
    const empty = await errorOf(
      split(ten, { sql: 'SELECT * REPLACE (if(id = 1000, NULL, late) AS late) FROM flights' }),
    );
    expect(empty).toBeInstanceOf(PrepareFailedError);
    expect(empty.message).toMatch(/the label "late" is empty in 1 rows/);
    const early = 'SELECT * REPLACE (if(id = 0, NULL, late) AS late) FROM flights';
    expect((await split(ten, { sql: early })).train.rows).toBe(864);
    const two = 'SELECT * REPLACE (if(id = 1000, 2, late::INTEGER) AS late) FROM flights';
    expect((await errorOf(split(ten, { sql: two }))).message).toMatch(/the label "late" is neither 1 nor 0 in 1 rows/);
    const timeless = 'SELECT * REPLACE (if(id = 5, NULL, date) AS date) FROM flights';
    expect((await errorOf(split(ten, { sql: timeless }))).message).toMatch(
      /the event time "date" is empty in 1 of 1440 rows/,
    );
  });

  it('refuses training rows of one class', async () => {
    const error = await errorOf(
      split(ten, { sql: "SELECT * REPLACE (late AND date >= '2001-01-08' AS late) FROM flights" }),
    );
    expect(error.message).toMatch(/the label "late" is false in all 864 training rows, want both classes/);
  });

  it('is deterministic when rows are equal', async () => {
    const doubled = await bench.parquet('doubled.parquet', `SELECT * FROM (${rowsOf('range(1440)')}), range(3)`);
    const hashes = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      hashes.add((await split(doubled, { spec: { maxTrainRows: 1001 } })).train.ref.sha256);
    }
    expect(hashes.size).toBe(1);
  });
});
