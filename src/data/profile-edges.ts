import type { DuckDBDataChunk, DuckDBDoubleVector } from '@duckdb/node-api';
import type { Column } from '../domain/data.js';
import type { ColumnProfile, TableProfile } from '../domain/profile.js';
import { histogramEdges } from '../statistics/histogram-edges.js';
import type { Db } from './duckdb.js';
import { finiteSql, isNumeric } from './profile-numbers.js';
import { quoteName, readParquet } from './sql-text.js';

/** Rows that are looked at. */
const LOOKED_AT = 8192;
/** For edges they lie in blocks of this size, spread evenly over the files, which may be sorted by time. */
const BLOCK = 128;
const MOST_FILES = 64;
/** A text column with a greater share of different values in the look holds ids or prose. */
const MANY_VALUES = 0.9;
/** Less than that many rows say nothing of how many values there are. */
const ENOUGH_ROWS = 1000;

/**
 * What `profileFacts` must know of the columns before its pass. Columns that `known`, an earlier profile of the table, has
 * are taken from there; for the others a few thousand rows are looked at, always the same of the same files.
 *
 * @returns a profile of those rows, of which `profileFacts` reads edges, frequent values and the number of values
 */
export async function profileEdges(
  db: Db,
  files: readonly string[],
  columns: readonly Column[],
  known?: TableProfile,
): Promise<TableProfile> {
  const before = new Map(known?.columns.map((column) => [`${column.type} ${column.name}`, column]));
  const missing = columns.filter((column) => needsLook(column, before.get(`${column.type} ${column.name}`)));
  const numeric = missing.filter(({ type }) => isNumeric(type));
  const texts = missing.filter(({ type }) => !isNumeric(type));
  const looked = files.length === 0 ? [] : [...(await lookAt(numeric, evenly)), ...(await lookAt(texts, inOnePlace))];
  const found = columns.flatMap(({ name, type }) => {
    const own = looked.find((column) => column.name === name) ?? before.get(`${type} ${name}`);
    return own ? [own] : [];
  });
  return { rows: looked[0]?.rows ?? 0, columns: found };

  async function lookAt(some: readonly Column[], rows: typeof evenly): Promise<ColumnProfile[]> {
    if (some.length === 0) return [];
    const relation = readParquet(files);
    return look(db, `${relation} WHERE ${await rows(db, relation, files.length)}`, some);
  }
}

function needsLook({ type }: Column, known: ColumnProfile | undefined): boolean {
  if (isNumeric(type)) return known?.numbers?.histogram === undefined;
  return type === 'string' && known === undefined;
}

async function evenly(db: Db, relation: string, files: number): Promise<string> {
  const [[rows] = []] = await db.rows(`SELECT count(*)::DOUBLE FROM ${relation}`);
  const every = Math.max(1, Math.ceil(Number(rows) / LOOKED_AT));
  return `file_index % ${Math.ceil(files / MOST_FILES)} = 0 AND (file_row_number // ${BLOCK}) % ${every} = 0`;
}

/** A tenth of the cost, and enough to tell ids from other texts. */
async function inOnePlace(_db: Db, _relation: string, files: number): Promise<string> {
  return `file_index = ${files >> 1} AND file_row_number < ${LOOKED_AT}`;
}

async function look(db: Db, rows: string, columns: readonly Column[]): Promise<ColumnProfile[]> {
  const values: Float64Array[][] = columns.map(() => []);
  // NaN for what has no value, so that the vectors can be taken as they are: see columns.ts.
  const sql = columns.map((column) => `coalesce(${lookSql(column)}, 'nan'::DOUBLE)`);
  await db.chunks(`SELECT ${sql.join(', ')} FROM ${rows}`, (chunk) => {
    for (const [index, some] of values.entries()) some.push(doubles(chunk, index).slice(0, chunk.rowCount));
  });
  return columns.map((column, index) => lookedAt(column, values[index] ?? []));
}

/** Of a text only whether it is equal to another matters. */
function lookSql(column: Column): string {
  const quoted = quoteName(column.name);
  return isNumeric(column.type)
    ? finiteSql(column)
    : `CASE WHEN ${quoted} IS NOT NULL THEN (hash(${quoted}) % 9007199254740992)::DOUBLE END`;
}

function doubles(chunk: DuckDBDataChunk, index: number): Float64Array {
  return (chunk.getColumnVector(index) as DuckDBDoubleVector)['items'];
}

function lookedAt({ name, type }: Column, chunks: readonly Float64Array[]): ColumnProfile {
  const all = new Float64Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  // NaN is sorted to the end.
  all.sort();
  const count = all.findLastIndex((value) => !Number.isNaN(value)) + 1;
  const sorted = all.subarray(0, count);
  let distinct = 0;
  for (let row = 0; row < count; row++) if (row === 0 || sorted[row] !== sorted[row - 1]) distinct += 1;
  const profile = { name, type, rows: all.length, nulls: all.length - count };
  if (!isNumeric(type)) return { ...profile, distinct, ...(isMany(distinct, count) ? {} : { top: [] }) };
  if (count === 0) return profile;
  // Values that came up four times each, on average, have nearly all come up.
  const seen = distinct * 4 <= count && count >= ENOUGH_ROWS;
  return {
    ...profile,
    ...(seen && { distinct }),
    numbers: {
      count,
      nans: 0,
      infinities: 0,
      zeros: 0,
      negatives: 0,
      histogram: { edges: histogramEdges(sorted), counts: [] },
    },
  };
}

function isMany(distinct: number, count: number): boolean {
  return count >= ENOUGH_ROWS && distinct > MANY_VALUES * count;
}
