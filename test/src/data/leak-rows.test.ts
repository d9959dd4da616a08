import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withDuckDb, type Db } from '../../../src/data/duckdb.js';
import { LABEL_CODE } from '../../../src/data/label-code.js';
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
