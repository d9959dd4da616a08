import fc from 'fast-check';
import { prepareSplit, type SplitFacts, type SplitInput } from '../../../../src/data/split.js';
import type { SourceTables } from '../../../../src/data/source-tables.js';
import { SIDES, type SideName } from '../../../../src/data/splits/sides.js';
import { DataEmptyError, PrepareFailedError } from '../../../../src/errors.js';
import type { SplitSpec } from '../../../../src/spec/spec.js';
import type { Workbench } from '../data-job.js';

/** A row of a small table: `id` tells rows apart, `hour` counts from 1 January 2026. */
export interface ToyRow {
  readonly id: number;
  readonly hour: number;
  readonly shop: string | null;
  readonly yes: boolean;
}

/** Tables of half of `most` to `most` rows over ten days, with both classes and five shops. */
export function toyTable(most: number): fc.Arbitrary<ToyRow[]> {
  const row = fc.record({
    id: fc.nat(100_000),
    hour: fc.nat(239),
    shop: fc.constantFrom('a', 'b', 'c', 'd', null),
    yes: fc.boolean(),
  });
  return fc.uniqueArray(row, { minLength: Math.ceil(most / 2), maxLength: most, selector: ({ id }) => id });
}

/** A table that is big enough for shares to be what they should be. */
export function bigTable(rows: number, from = 0): ToyRow[] {
  return Array.from({ length: rows }, (_, index) => {
    const id = from + index;
    return { id, hour: (id * 7) % 240, shop: `s${id % 200}`, yes: id % 10 === 0 };
  });
}

export function parquetOf(bench: Workbench, rows: readonly ToyRow[]): Promise<string> {
  const values = rows.map(
    ({ id, hour, shop, yes }) => `(${id}, ${hour}, ${shop === null ? 'NULL::VARCHAR' : `'${shop}'`}, ${yes})`,
  );
  return bench.parquet(
    'toy.parquet',
    `SELECT id, TIMESTAMP '2026-01-01' + to_hours(hour) AS ts, shop, yes FROM (VALUES ${values.join(', ')}) t(id, hour, shop, yes)`,
  );
}

export const task = { label: 'yes', features: ['shop'], eventTime: 'ts', labelDelay: '0s' };

export async function splitRows(
  bench: Workbench,
  rows: readonly ToyRow[],
  spec: SplitSpec,
  more: Partial<SplitInput> = {},
): Promise<SplitFacts> {
  const file = await parquetOf(bench, rows);
  return await splitTables(bench, { visits: { parts: [{ file }], eventTime: 'ts' }, ...more.tables }, spec, more);
}

export async function splitTables(
  bench: Workbench,
  tables: SourceTables,
  spec: SplitSpec,
  more: Partial<SplitInput> = {},
): Promise<SplitFacts> {
  const sql = 'SELECT * FROM visits';
  return await prepareSplit({
    task,
    spec,
    seed: 7,
    outFolder: bench.path('out'),
    sql,
    checkLeaks: false,
    ...more,
    tables,
  });
}

/** As {@link splitRows}; undefined where a small table has a side without rows or one class only. */
export async function trySplit(...input: Parameters<typeof splitRows>): Promise<SplitFacts | undefined> {
  try {
    return await splitRows(...input);
  } catch (error) {
    const expected =
      error instanceof DataEmptyError || (error instanceof PrepareFailedError && /want both/.test(error.message));
    if (!expected) throw error;
    return undefined;
  }
}

/** The ids on each side, in the order of the file. */
export async function idsOf(bench: Workbench, facts: SplitFacts): Promise<Record<SideName, number[]>> {
  const lists = SIDES.map((side) => `(SELECT string_agg(id, ' ') FROM '${facts[side].file}')`);
  const [row = []] = await bench.query(`SELECT ${lists.join(', ')}`);
  const ids = SIDES.map((side, index) => [side, String(row[index]).split(' ').map(Number)] as const);
  return Object.fromEntries(ids) as Record<SideName, number[]>; // one a side
}

/** The side of each id. */
export async function sideOf(bench: Workbench, facts: SplitFacts): Promise<Map<number, SideName>> {
  const ids = await idsOf(bench, facts);
  const all = SIDES.flatMap((side) => ids[side].map((id) => [id, side] as const));
  const sides = new Map(all);
  if (sides.size !== all.length) throw new Error('a row is in two files, or twice in one');
  return sides;
}

export function digestsOf(facts: SplitFacts): string[] {
  return SIDES.map((side) => facts[side].ref.sha256);
}
