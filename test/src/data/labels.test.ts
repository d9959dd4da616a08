import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskKind } from '../../../src/domain/task.js';
import { prepareSplit, type SplitInput } from '../../../src/data/split.js';
import { PrepareFailedError } from '../../../src/errors.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

const byTime: SplitInput['spec'] = {
  by: 'time',
  train: '6d',
  validation: '1d',
  test: '2d',
  gap: '0d',
  lookback: '0d',
  maxTrainRows: 100_000,
};

/** Nine days of 24 rows; `label` is SQL over the row's number `i`: days 0 to 5 train, 6 validates, 7 and 8 test. */
async function split(kind: TaskKind, label: string, spec = byTime) {
  const file = await bench.parquet(
    'rows.parquet',
    `SELECT TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS ts, i AS id, i % 5 AS x, ${label} AS label FROM range(216) r(i)`,
  );
  return await prepareSplit({
    tables: { rows: { parts: [{ file }], eventTime: 'ts' } },
    task: { kind, label: 'label', features: ['x'], eventTime: 'ts', labelDelay: '0s' },
    spec,
    seed: 7,
    outFolder: bench.path('split'),
  });
}

describe('labels of a multiclass task', () => {
  it('are kept as they are, and their names stand in the order of code points', async () => {
    const { task, columns, train, validation, test } = await split(
      'multiclass',
      `['zebra', 'Ape', 'é', '\u{1F40D}', 'ape', '\uFF61'][1 + i % 6]`,
    );
    expect(task).toEqual({ kind: 'multiclass', classes: ['Ape', 'ape', 'zebra', 'é', '\uFF61', '\u{1F40D}'] });
    expect(columns.find(({ name }) => name === 'label')).toEqual({ name: 'label', type: 'string' });
    expect(train.classRows).toEqual([24, 24, 24, 24, 24, 24]);
    expect([validation.classRows, test.classRows]).toEqual([Array(6).fill(4), Array(6).fill(8)]);
    expect(test).not.toHaveProperty('unseen');
    expect(test).not.toHaveProperty('positiveShare');
    expect(await bench.query(`SELECT DISTINCT typeof(label) FROM '${train.file}'`)).toEqual([['VARCHAR']]);
  });

  it('are ordered by size when they are whole numbers', async () => {
    const { task, train } = await split('multiclass', '[100, -5, 20, 9007199254740993][1 + i % 4]::BIGINT');
    expect(task).toEqual({ kind: 'multiclass', classes: ['-5', '20', '100', '9007199254740993'] });
    expect(await bench.query(`SELECT DISTINCT typeof(label) FROM '${train.file}'`)).toEqual([['BIGINT']]);
  });

  it('of classes that no training row has are counted: of the validation they are left out, in the test they stay', async () => {
    const { task, validation, test } = await split(
      'multiclass',
      `CASE WHEN i >= 200 THEN 'new ' || (i % 2) WHEN i = 150 THEN 'rare' ELSE 'old ' || (i % 3) END`,
    );
    expect(task).toEqual({ kind: 'multiclass', classes: ['old 0', 'old 1', 'old 2'] });
    expect(validation).toMatchObject({ rows: 23, rowsInWindow: 24 });
    expect(test).toMatchObject({ rows: 48, unseen: { rows: 16, classes: 2 } });
    expect(test.classRows?.reduce((sum, rows) => sum + rows, 0)).toBe(32);
  });

  it('have their share of every class on each side of a stratified split, whatever the names', async () => {
    const spec: SplitInput['spec'] = {
      by: 'stratified',
      columns: ['id'],
      last: 'all',
      validation: 0.25,
      test: 0.25,
      lookback: '0d',
      maxTrainRows: 1000,
    };
    const { train, test } = await split('multiclass', `['it''s', 'b\\', '"c"'][1 + i % 3]`, spec);
    expect(train.classRows).toEqual([36, 36, 36]);
    expect(test.classRows).toEqual([18, 18, 18]);
  });

  it.each([
    ['one class', `'same'`, 'the label "label" is "same" in all training rows, want two classes or more'],
    [
      'others in validation',
      `CASE WHEN i BETWEEN 144 AND 167 THEN 'v' ELSE 'c' || i % 3 END`,
      'is in no validation row one of',
    ],
    ['null', `nullif('c' || i % 3, 'c1')`, 'is empty in 72 rows, want a class in each'],
    ['fractions', 'i / 7.0', 'is of type number, want text or whole numbers, one for each class'],
    ['true and false', 'i % 2 = 0', 'is of type boolean, want text or whole numbers'],
    ['a name that is a text', `repeat('x', 201 + i % 2)`, 'of 201 characters, want at most 200'],
  ])('are refused when they are %s', async (_, label, message) => {
    const error = await errorOf(split('multiclass', label));
    expect(error.message).toContain(message);
    expect(error).toBeInstanceOf(PrepareFailedError);
  });

  it('are refused when there are more than a thousand', async () => {
    const file = await bench.parquet(
      'many.parquet',
      `SELECT TIMESTAMP '2001-01-01' + INTERVAL (i) MINUTE AS ts, i AS x, 'id ' || i AS label FROM range(12960) r(i)`,
    );
    const error = await errorOf(
      prepareSplit({
        tables: { rows: { parts: [{ file }], eventTime: 'ts' } },
        task: { kind: 'multiclass', label: 'label', features: ['x'], eventTime: 'ts', labelDelay: '0s' },
        spec: byTime,
        seed: 7,
        outFolder: bench.path('split'),
      }),
    );
    expect(error.message).toContain('the label "label" has more than 1000 classes');
  });
});

describe('labels of a regression', () => {
  it('are kept as numbers, with their mean', async () => {
    const { task, columns, train, test } = await split('regression', 'i * 10');
    expect(task).toEqual({ kind: 'regression' });
    expect(columns.find(({ name }) => name === 'label')).toEqual({ name: 'label', type: 'number' });
    expect(train.mean).toBe(715);
    expect(test.mean).toBe(1915);
    expect(await bench.query(`SELECT DISTINCT typeof(label) FROM '${train.file}'`)).toEqual([['DOUBLE']]);
  });

  it.each([
    ['all the same', '3.5', 'is 3.5 in all training rows, want numbers that differ'],
    [
      'not finite',
      `CASE WHEN i = 7 THEN 'nan'::DOUBLE WHEN i = 8 THEN '-inf' ELSE i END`,
      'is no finite number in 2 rows',
    ],
    ['null', `nullif(i % 3, 1)`, 'is empty in 72 rows, want a number in each'],
    ['text', `'x' || i`, 'is of type string, want a number'],
  ])('are refused when they are %s', async (_, label, message) => {
    expect((await errorOf(split('regression', label))).message).toContain(message);
  });
});

describe('the look into the future, with a number as label', () => {
  /** The label is a mean over rows whose sum is made in another order each time. */
  const table = `SELECT ts, x, label FROM orders`;

  async function check(sql: string) {
    const file = await bench.parquet(
      'orders.parquet',
      `SELECT TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS ts, i % 5 AS x, i / 7.0 AS label FROM range(216) r(i)`,
    );
    return await prepareSplit({
      tables: { orders: { parts: [{ file }], eventTime: 'ts' } },
      sql,
      task: { kind: 'regression', label: 'label', features: ['x'], eventTime: 'ts', labelDelay: '0s' },
      spec: byTime,
      seed: 7,
      outFolder: bench.path('split'),
    });
  }

  it('finds nothing where there is nothing', async () => {
    expect((await check(table)).leakCheck?.rows).toBeGreaterThan(100);
  });

  it('takes two sums in another order as the same label', async () => {
    const wobbly = `SELECT ts, x, label * (1 + 1e-15 * (SELECT count(*) FROM orders)) AS label FROM orders`;
    expect((await check(wobbly)).leakCheck?.rows).toBeGreaterThan(100);
  });

  it('names a label that depends on later rows', async () => {
    const leaking = `SELECT ts, x, label - avg(label) OVER () AS label FROM orders`;
    expect((await errorOf(check(leaking))).message).toContain('"label" depends on the future');
  });
});
