import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withDuckDb, type Db } from '../../../src/data/duckdb.js';
import { LABEL_CODE } from '../../../src/data/labels/label-kind.js';
import { compareRows, differingColumns, type RowRange } from '../../../src/data/leak-rows.js';

const range: RowRange = {
  columns: [
    { name: 'ts', type: 'timestamp' },
    { name: 'kind', type: 'string' },
    { name: 'a', type: 'number' },
    { name: 'b', type: 'number' },
  ],
  task: { label: 'yes', features: ['kind', 'a', 'b'], eventTime: 'ts' },
  from: '2026-01-01T00:00:00.000Z',
  cut: '2026-02-01T00:00:00.000Z',
  delayMs: 0,
};

interface Row {
  readonly hour: number;
  readonly kind: string;
  readonly a: number | null;
  readonly b: number | null;
}
const number = fc.option(fc.constantFrom(0, 1, -1, 0.1, 1e9, 12.5, Number.NaN, Infinity));
const table = fc.array(fc.record({ hour: fc.nat(3), kind: fc.constantFrom('x', 'y'), a: number, b: number }), {
  minLength: 1,
  maxLength: 12,
});

async function write(db: Db, name: string, rows: readonly Row[]): Promise<void> {
  const value = (each: number | null) =>
    each === null ? 'NULL' : Number.isFinite(each) ? each.toExponential(17) : `'${each}'::DOUBLE`;
  const values = rows.map(
    ({ hour, kind, a, b }) =>
      `(TIMESTAMP '2026-01-01' + to_hours(${hour}), 1::UTINYINT, '${kind}', ${value(a)}::DOUBLE, ${value(b)}::DOUBLE)`,
  );
  await db.run(
    `CREATE TEMP TABLE ${name} AS SELECT * FROM (VALUES ${values.join(', ')}) t(ts, ${LABEL_CODE}, kind, a, b)`,
  );
}

function compare(whole: readonly Row[], past: readonly Row[]) {
  return withDuckDb({ folders: [], tempFolder: tmpdir() }, async (db) => {
    await write(db, 'whole', whole);
    await write(db, 'past', past);
    const { rows, differs } = await compareRows(db, 'whole', 'past', range);
    expect(rows).toBe(past.length);
    return { differs, columns: differs ? await differingColumns(db, 'whole', 'past', range) : [] };
  });
}

describe('compareRows', () => {
  it('takes rows for equal in whatever order they come, and when their last digits differ', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async (rows, up) => {
        const nudge = (each: number | null) => (each === null ? null : each * (1 + (up ? 2e-15 : -2e-15)));
        const nudged = rows.toReversed().map((row) => ({ ...row, a: nudge(row.a), b: nudge(row.b) }));
        expect((await compare(rows, nudged)).differs).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('takes what is nearly zero for zero, beside what is usual in the column', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => ({ hour: index, kind: 'x', a: index % 2 ? 1000 : 0, b: 1 }));
    const noisy = rows.map((row) => ({ ...row, a: row.a === 0 ? 1e-12 : row.a }));
    expect((await compare(rows, noisy)).differs).toBeUndefined();
    const other = rows.map((row) => ({ ...row, a: row.a === 0 ? 0.01 : row.a }));
    expect(await compare(rows, other)).toMatchObject({ differs: { rows: 20 }, columns: ['a'] });
  });

  it('finds one value of one row that is another, and says in which column', async () => {
    const change = fc.record({ at: fc.nat(11), column: fc.constantFrom('kind', 'a', 'b') });
    await fc.assert(
      fc.asyncProperty(table, change, async (rows, { at, column }) => {
        // Times that tell rows apart: equal rows may trade a value for each other's.
        const apart = rows.map((row, hour) => ({ ...row, hour }));
        const changed = apart.map((row, index) => {
          if (index !== at % rows.length) return row;
          return { ...row, [column]: column === 'kind' ? 'z' : row[column as 'a'] === 12.5 ? 13 : 12.5 };
        });
        const { differs, columns } = await compare(apart, changed);
        expect(differs?.rows).toBe(1);
        expect(differs?.example).toBe(new Date(Date.UTC(2026, 0, 1, at % rows.length)).toISOString());
        expect(columns).toEqual([column]);
      }),
      { numRuns: 30 },
    );
  });

  it('finds values that changed between the lowest and the highest of rows that are told apart by nothing else', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({ hour: index % 2, kind: 'x', a: index / 99, b: -index }));
    const inner = (change: (value: number, index: number) => number) =>
      rows.map((row, index) => (index < 2 || index > 97 ? row : { ...row, a: change(row.a, index) }));
    const moved = await compare(
      rows,
      inner((value) => value * 0.999),
    );
    expect(moved).toMatchObject({ differs: { rows: 100 }, columns: ['a'] });
    const one = await compare(
      rows,
      inner((value, index) => (index === 50 ? value + 0.001 : value)),
    );
    expect(one).toMatchObject({ differs: { rows: 50, example: '2026-01-01T00:00:00.000Z' }, columns: ['a'] });
    // The sum stays what it was.
    const apart = await compare(
      rows,
      inner((value, index) => value + (index === 50 ? 0.1 : index === 52 ? -0.1 : 0)),
    );
    expect(apart).toMatchObject({ differs: { rows: 50 }, columns: ['a'] });
  });

  it('takes many rows of one line for equal when their values are rounded to 32 bits, huge or not finite', async () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, min: -1, max: 1 }),
      fc.constantFrom(0, 1e-9, 1e9, 1e160, -1e300, Number.NaN, Infinity, -Infinity),
    );
    const lines = fc.array(fc.record({ hour: fc.nat(1), kind: fc.constant('x'), a: value, b: value }), {
      minLength: 100,
      maxLength: 200,
    });
    const rounded = (each: number) => (Math.abs(each) < 1e30 ? Math.fround(each) : each);
    await fc.assert(
      fc.asyncProperty(lines, async (rows) => {
        const others = rows.toReversed().map((row) => ({ ...row, a: rounded(row.a), b: rounded(row.b) }));
        expect((await compare(rows, others)).differs).toBeUndefined();
      }),
      { numRuns: 15 },
    );
  });

  it('finds a row that is there once more or once less', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        expect((await compare(rows, [...rows, ...rows.slice(0, 1)])).differs).toBeDefined();
        expect((await compare([...rows, ...rows.slice(0, 1)], rows)).differs).toBeDefined();
      }),
      { numRuns: 10 },
    );
  });
});
