import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { withDuckDb } from '../../../src/data/duckdb.js';
import { LABEL_CODE } from '../../../src/data/labels/label-kind.js';
import { checkLeaks } from '../../../src/data/leak-check.js';
import { createTables } from '../../../src/data/source-tables.js';
import { prepareSplit, type SplitInput } from '../../../src/data/split.js';
import { LeakingFeaturesError, PrepareFailedError } from '../../../src/errors.js';
import type { SplitSpec } from '../../../src/spec/spec.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
const files: Record<string, string> = {};
beforeAll(async () => {
  bench = await workbench();
  // Twenty days of orders, one an hour; prices of five products that change every few hours; orders that come back.
  files['orders'] = await bench.parquet(
    'orders.parquet',
    `SELECT TIMESTAMP '2026-01-01' + to_hours(i) AS ts, i AS id, 'p' || i % 5 AS product, i * 7 % 11 / 3.0 AS weight,
       i % 3 = 0 AS late FROM range(480) r(i)`,
  );
  files['prices'] = await bench.parquet(
    'prices.parquet',
    `SELECT TIMESTAMP '2026-01-01' + to_hours(i * 4) AS valid_from, 'p' || i % 5 AS product, i + 0.5 AS price
     FROM range(120) r(i)`,
  );
  files['returns'] = await bench.parquet(
    'returns.parquet',
    `SELECT TIMESTAMP '2026-01-01' + to_hours(i * 3 + 1 + i * 13 % 40) AS returned_at, i * 3 AS id FROM range(160) r(i)
     WHERE i * 3 + 1 + i * 13 % 40 < 480`,
  );
  files['products'] = await bench.parquet(
    'products.parquet',
    `SELECT 'p' || i AS product, i * 2 AS size FROM range(5) r(i)`,
  );
});
afterAll(async () => bench.close());

const times: Record<string, string> = { orders: 'ts', prices: 'valid_from', returns: 'returned_at' };
const byTime: SplitSpec = {
  by: 'time',
  train: '10d',
  validation: '1d',
  test: '5d',
  gap: '0d',
  lookback: '0d',
  maxTrainRows: 1000,
};
const task = { label: 'late', features: ['feature'], eventTime: 'ts', labelDelay: '0s' };

function check(sql: string, change: Partial<SplitInput> = {}, sources = ['orders', 'prices']) {
  const tables = sources.map((name) => {
    const eventTime = times[name];
    return [name, { parts: [{ file: files[name] ?? '' }], ...(eventTime && { eventTime }) }] as const;
  });
  const outFolder = bench.path('out');
  return prepareSplit({ tables: Object.fromEntries(tables), sql, task, spec: byTime, seed: 7, outFolder, ...change });
}
const feature = (expression: string, rest = '') =>
  `SELECT ts, id, product, late, ${expression} AS feature FROM orders ${rest}`;

const hash: SplitSpec = {
  by: 'hash',
  columns: ['id'],
  last: 'all',
  validation: 0.2,
  test: 0.2,
  lookback: '0d',
  maxTrainRows: 1000,
};

describe('checkLeaks', () => {
  it.each([
    ['what the row says itself', feature('weight')],
    [
      'the mean of all rows before',
      feature('avg(weight) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)'),
    ],
    ['the row before', feature('lag(weight) OVER (PARTITION BY product ORDER BY ts)')],
    [
      'the price that was known',
      'SELECT ts, late, known.price AS feature FROM as_of(orders, prices, product, ts, valid_from)',
    ],
    [
      'the same by an ASOF JOIN',
      feature('prices.price', 'ASOF LEFT JOIN prices ON orders.product = prices.product AND ts >= valid_from').replace(
        ' product,',
        '',
      ),
    ],
    ['a count of rows before, as text', feature("'n' || count(*) OVER (PARTITION BY product ORDER BY ts)")],
  ])('lets pass %s', async (_, sql) => {
    const { leakCheck } = await check(sql);
    expect(leakCheck).toEqual({ cut: '2026-01-16T00:00:00.000Z', rows: 264, uncut: [] });
  });

  it.each<[string, string, number]>([
    ['a mean over all days', feature('avg(weight) OVER (PARTITION BY product)'), 264],
    ['a count over all days', feature('count(*) OVER (PARTITION BY product)'), 264],
    ['text made of it', feature("'n' || count(*) OVER (PARTITION BY product)"), 264],
    ['a rank among all', feature('rank() OVER (ORDER BY weight, ts)'), 200],
    ['the row after', feature('lead(weight) OVER (PARTITION BY product ORDER BY ts)'), 5],
    ['the row after, as a flag', feature('lead(id) OVER (PARTITION BY product ORDER BY ts) IS NULL'), 5],
    [
      'a window that reaches beyond the row',
      feature('avg(weight) OVER (ORDER BY ts ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)'),
      1,
    ],
    [
      'the newest price',
      'SELECT ts, late, last_price AS feature FROM orders JOIN (SELECT product, arg_max(price, valid_from) AS last_price FROM prices GROUP BY ALL) USING (product)',
      264,
    ],
    [
      'the price that came next',
      'SELECT ts, late, price AS feature FROM orders ASOF LEFT JOIN prices ON orders.product = prices.product AND ts <= valid_from',
      1,
    ],
  ])('catches %s', async (_, sql, least) => {
    const error = await errorOf(check(sql));
    expect(error).toBeInstanceOf(LeakingFeaturesError);
    expect(error.message).toMatch(
      /^Cannot use the training table: "feature" depends on the future: \d+ of 264 rows before 2026-01-16T00:00:00.000Z come out otherwise/,
    );
    expect(error.details).toMatchObject({ columns: ['feature'], compared: 264, cut: '2026-01-16T00:00:00.000Z' });
    expect(Number(error.details?.['rows'])).toBeGreaterThanOrEqual(least);
  });

  it('names the features that leak and no others', async () => {
    const sql = `SELECT ts, late, weight AS good, product AS kind, sum(weight) OVER () AS total, max(id) OVER () AS newest FROM orders`;
    const error = await errorOf(check(sql, { task: { ...task, features: ['kind', 'good', 'total', 'newest'] } }));
    expect(error.details).toMatchObject({
      columns: ['total', 'newest'],
      rows: 264,
      example: '2026-01-05T00:00:00.000Z',
    });
    expect(error.message).toMatch(/"total", "newest" depend on the future/);
  });

  it('says so when rows come and go by what happens later', async () => {
    const sql = feature('weight', "WHERE id < (SELECT max(id) - 100 FROM orders) OR ts > TIMESTAMP '2026-01-15 12:00'");
    const error = await errorOf(check(sql));
    expect(error.message).toMatch(/its rows depend on the future/);
    expect(error.details).toMatchObject({ columns: [] });
  });

  describe('with labels that come later', () => {
    const returned = `EXISTS (FROM returns WHERE returns.id = orders.id AND returned_at <= ts + INTERVAL 2 DAY)`;
    const sql = (feature: string) => `SELECT ts, id, ${returned} AS late, ${feature} AS feature FROM orders`;
    const sources = ['orders', 'returns'];

    it('compares the label of rows whose label was known', async () => {
      const { leakCheck } = await check(sql('weight'), { task: { ...task, labelDelay: '49h' } }, sources);
      expect(leakCheck?.rows).toBeGreaterThan(200);
    });

    it('catches a delay that is too short', async () => {
      const error = await errorOf(check(sql('weight'), { task: { ...task, labelDelay: '1h' } }, sources));
      expect(error).toBeInstanceOf(LeakingFeaturesError);
      expect(error.details).toMatchObject({ columns: ['late'] });
    });

    it('catches a feature that asks what will come', async () => {
      const soon = 'EXISTS (FROM returns WHERE returns.id = orders.id AND returned_at < ts + INTERVAL 1 DAY)';
      const error = await errorOf(check(sql(soon), { task: { ...task, labelDelay: '49h' } }, sources));
      expect(error.details).toMatchObject({ columns: ['feature'] });
    });

    it('takes rows that a join with labels has not found yet', async () => {
      const joined = `SELECT ts, returned_at > ts + INTERVAL 20 HOUR AS late, weight AS feature FROM orders JOIN returns USING (id)`;
      const { leakCheck } = await check(joined, { task: { ...task, labelDelay: '42h' } }, sources);
      expect(leakCheck?.rows).toBeGreaterThan(50);
      const error = await errorOf(check(joined, {}, sources));
      expect(error.message).toMatch(/its rows depend on the future/);
    });
  });

  it('says which sources it could not cut, and when it could cut none', async () => {
    const sql = 'SELECT ts, late, size AS feature FROM orders JOIN products USING (product)';
    expect((await check(sql, {}, ['orders', 'products'])).leakCheck).toMatchObject({ rows: 264, uncut: ['products'] });
    const tables = { orders: { parts: [{ file: files['orders'] ?? '' }] } };
    expect((await check(feature('weight'), { tables })).leakCheck).toEqual({ rows: 0, uncut: ['orders'] });
  });

  it('cuts earlier for a source that ends before the test window', async () => {
    const early = await bench.parquet(
      'early.parquet',
      `SELECT * FROM '${files['prices']}' WHERE valid_from < '2026-01-12'`,
    );
    const tables = {
      orders: { parts: [{ file: files['orders'] ?? '' }], eventTime: 'ts' },
      prices: { parts: [{ file: early }], eventTime: 'valid_from' },
    };
    const sql = 'SELECT ts, late, (SELECT sum(price) FROM prices) AS feature FROM orders';
    const error = await errorOf(check(sql, { tables }));
    expect(error.details).toMatchObject({ columns: ['feature'] });
    expect(String(error.details?.['cut']) < '2026-01-12').toBe(true);
  });

  it('cuts sources that tell their time by parts', async () => {
    const half = (condition: string) =>
      bench.parquet('half.parquet', `SELECT * FROM '${files['orders']}' WHERE ${condition}`);
    const parts = [
      { file: await half("ts < '2026-01-16'"), to: '2026-01-15T23:59:59.999Z' },
      { file: await half("ts >= '2026-01-16'"), to: '2026-01-20T23:59:59.999Z' },
    ];
    const tables = { orders: { parts } };
    expect((await check(feature('weight'), { tables })).leakCheck).toMatchObject({ rows: 264, uncut: [] });
    expect((await errorOf(check(feature('sum(weight) OVER ()'), { tables }))).details).toMatchObject({
      columns: ['feature'],
    });
  });

  describe('with sources that tell their time by parts', () => {
    const before = feature('avg(weight) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)');
    const ahead = feature('sum(weight) OVER ()');
    // The orders in files of so many days, one after the other.
    const filesOf = async (...lengths: number[]) => {
      const parts = [];
      let day = 0;
      for (const length of lengths) {
        const [from, to] = [Date.UTC(2026, 0, 1 + day), Date.UTC(2026, 0, 1 + day + length)];
        const text = [from, to].map((time) => new Date(time).toISOString());
        const file = await bench.parquet(
          'part.parquet',
          `SELECT * FROM '${files['orders']}' WHERE ts >= '${text[0]}' AND ts < '${text[1]}'`,
        );
        parts.push({ file, to: new Date(to - 1).toISOString() });
        day += length;
      }
      return parts;
    };
    const daily = Array.from({ length: 20 }, () => 1);

    it('cuts between days where it would cut within one', async () => {
      // Three quarters of 9 days and 23 hours are in the middle of the eighth day.
      const tables = { orders: { parts: (await filesOf(...daily)).slice(0, 10) } };
      const { leakCheck } = await check(before, { tables, spec: hash });
      expect(leakCheck).toEqual({ cut: '2026-01-08T00:00:00.000Z', rows: 168, uncut: [] });
      const error = await errorOf(check(ahead, { tables, spec: hash }));
      expect(error.details).toMatchObject({ columns: ['feature'], cut: '2026-01-08T00:00:00.000Z' });
    });

    it('cuts where a long part begins that the test window begins within', async () => {
      const tables = { orders: { parts: await filesOf(12, 8) } };
      expect((await check(before, { tables })).leakCheck).toEqual({
        cut: '2026-01-13T00:00:00.000Z',
        rows: 192,
        uncut: [],
      });
      expect((await errorOf(check(ahead, { tables }))).details).toMatchObject({ columns: ['feature'] });
    });

    it('cuts where no part of any of them lies across', async () => {
      // Three quarters are within the last part of the orders, which begins within the second of the prices.
      const prices = (await filesOf(4, 9, 7)).map(({ to }) => ({ file: files['prices'] ?? '', to }));
      const tables = { orders: { parts: await filesOf(4, 8, 8) }, prices: { parts: prices } };
      const { leakCheck } = await check(before, { tables, spec: hash });
      expect(leakCheck).toEqual({ cut: '2026-01-05T00:00:00.000Z', rows: 96, uncut: [] });
    });

    it('leaves a source whole whose part begins before all that is compared, and says so', async () => {
      const one = { parts: await filesOf(20) };
      expect((await check(before, { tables: { orders: one } })).leakCheck).toEqual({ rows: 0, uncut: ['orders'] });
      expect((await check(before, { tables: { orders: one }, spec: hash })).leakCheck).toMatchObject({ rows: 0 });
      const prices = { parts: [{ file: files['prices'] ?? '' }], eventTime: 'valid_from' };
      const tables = { orders: one, prices };
      const { leakCheck } = await check(before, { tables });
      expect(leakCheck).toEqual({ cut: '2026-01-16T00:00:00.000Z', rows: 264, uncut: ['orders'] });
      const newest = feature('(SELECT max(price) FROM prices)');
      expect((await errorOf(check(newest, { tables }))).details).toMatchObject({ columns: ['feature'] });
    });

    it('cuts before a first part that says when it begins', async () => {
      const [part] = await filesOf(20);
      const late = { file: files['prices'] ?? '', from: '2026-01-14T00:00:00.000Z', to: '2026-01-20T23:59:59.999Z' };
      const orders = { parts: [{ file: part?.file ?? '' }], eventTime: 'ts' };
      const { leakCheck } = await check(before, { tables: { orders, prices: { parts: [late] } } });
      expect(leakCheck).toMatchObject({ cut: '2026-01-14T00:00:00.000Z', uncut: [] });
    });
  });

  it('catches means of the whole table that leave the row itself out, in a table of days', async () => {
    // Rows of a day differ in fractions only, and the lowest and the highest of each day stay 0 and 1.
    const days = await bench.parquet(
      'days.parquet',
      `SELECT DATE '2026-01-01' + i // 50 AS ts, i % 50 // 5 % 5 AS shop, i % 50 < 4 AS new,
         CASE WHEN new THEN i % 4 < 2 ELSE hash(i) % 3 = 0 END AS late,
         (i * 7 % 11) / 3.0 AS weight, i % 2 AS prior FROM (SELECT i::INTEGER AS i FROM range(1000) r(i))`,
    );
    const tables = { days: { parts: [{ file: days }], eventTime: 'ts' } };
    const encoded = (frame: string) =>
      `SELECT ts, late, weight::DOUBLE AS weight, CASE WHEN new OR (count(*) OVER shop) < 2 THEN prior::DOUBLE
         ELSE ((count_if(late) OVER shop) - late::INTEGER)::DOUBLE / ((count(*) OVER shop) - 1) END AS feature
       FROM days WINDOW shop AS (PARTITION BY shop, new ${frame})`;
    const change = { tables, task: { ...task, features: ['weight', 'feature'] } };
    const error = await errorOf(check(encoded(''), change));
    expect(error).toBeInstanceOf(LeakingFeaturesError);
    expect(error.details).toMatchObject({ columns: ['feature'], rows: 550, compared: 550 });
    expect((await check(encoded('ORDER BY ts'), change)).leakCheck).toMatchObject({ rows: 550 });
  });

  it('looks at splits by something else too', async () => {
    expect((await check(feature('weight'), { spec: hash })).leakCheck).toMatchObject({ rows: 360 });
    expect((await errorOf(check(feature('sum(weight) OVER ()'), { spec: hash }))).details).toMatchObject({
      columns: ['feature'],
    });
  });

  it('is not disturbed by sums in another order, nor by what a backfill leaves out', async () => {
    const noisy = feature('sum(weight) OVER (PARTITION BY product ORDER BY ts) * 1e6 + sin(weight) * 1e-9');
    const options = { asOf: '2026-01-17T00:00:00.000Z', task: { ...task, labelDelay: '5h' } };
    expect((await check(noisy, options)).leakCheck?.rows).toBeGreaterThan(100);
    const nudged = (await check(noisy)).leakCheck;
    expect(nudged?.rows).toBe(264);
  });

  it('says so when the SQL does not give the same rows twice', async () => {
    // Numbers that are drawn stand for rows that are numbered by chance: those would now and then be the same twice.
    const select = `SELECT ts, random() AS feature, late::UTINYINT AS ${LABEL_CODE} FROM orders`;
    const tables = { orders: { parts: [{ file: files['orders'] ?? '' }], eventTime: 'ts' } };
    const window = (from: string, to: string) => ({ relation: 'training', where: '', window: { from, to } });
    const sides = {
      train: window('2026-01-01T00:00:00.000Z', '2026-01-15T00:00:00.000Z'),
      validation: window('2026-01-15T00:00:00.000Z', '2026-01-16T00:00:00.000Z'),
      test: window('2026-01-16T00:00:00.000Z', '2026-01-21T00:00:00.000Z'),
    };
    const columns = [
      { name: 'ts', type: 'timestamp' },
      { name: 'feature', type: 'number' },
    ] as const;
    const times = { oldest: '2026-01-01T00:00:00.000Z', newest: '2026-01-20T23:00:00.000Z' };
    const options = { folders: [bench.folder], tempFolder: bench.folder };
    const found = await errorOf(
      withDuckDb(options, async (db) => {
        await createTables(db, tables);
        await db.run(`CREATE TEMP TABLE training AS ${select}`);
        await checkLeaks(db, { tables, select, columns, task, sides, ...times });
      }),
    );
    expect(found).toBeInstanceOf(PrepareFailedError);
    expect(found.message).toMatch(/does not give the same rows when it runs twice: "feature" differs/);
  });

  it('lets the example pass', async () => {
    const sql = await readFile('examples/late-flights/features.sql', 'utf8');
    const flights = await bench.parquet(
      'flights.parquet',
      `SELECT TIMESTAMP '2001-01-01' + to_minutes(i * 11) AS date, (i * 37 % 61 - 20)::SMALLINT AS delay,
         (200 + i * 13 % 900)::SMALLINT AS distance, 'A' || i % 4 AS origin, 'B' || i % 3 AS destination
       FROM range(4000) r(i)`,
    );
    const tables = { flights: { parts: [{ file: flights }], eventTime: 'date' } };
    const features = ['origin', 'destination', 'distance', 'late_share_3h', 'late_share_24h', 'minutes_since_slot'];
    const change = { tables, task: { label: 'late', features, eventTime: 'date', labelDelay: '0s' } };
    expect((await check(sql, change)).leakCheck?.rows).toBeGreaterThan(1000);
  });
});
