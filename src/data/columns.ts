import type {
  DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBUBigIntVector,
  DuckDBUTinyIntVector,
  DuckDBVarCharVector,
} from '@duckdb/node-api';
import type { ColumnType } from '../domain/data.js';
import { DataUnreadableError } from '../errors.js';
import { nearestName } from '../spec/nearest.js';
import { columnType } from './column-type.js';
import { withDuckDb, type Db } from './duckdb.js';
import { readingOptions, type DataJobOptions } from './job-options.js';
import { quoteFile, quoteName } from './sql-text.js';
import { TextCache } from './text-cache.js';

/**
 * One column, a value a row in file order. Text: `string[]`, `''` for null. Whole and other numbers: `Float32Array`,
 * NaN for null. Booleans: `Uint8Array` of 0 and 1, or `Float32Array` with NaN when there are nulls. Timestamps and
 * dates: `Float64Array` of milliseconds since 1970, NaN for null.
 */
export type ColumnValues = string[] | Float32Array | Float64Array | Uint8Array;

/**
 * A column as its type is read, or otherwise: every value as text (whole numbers in decimal), or as a number of 64 bits in
 * a `Float64Array`.
 */
export type ColumnRead = string | { readonly name: string; readonly as: 'text' | 'double' };

/** Columns by name. */
export type ColumnData = Readonly<Record<string, ColumnValues>>;

/**
 * Reads columns of a Parquet file into memory, in the order of its rows: what models are fed with.
 *
 * @throws {DataUnreadableError} for a column that the file does not have, or of a type that is none of the above.
 */
export async function readColumns(
  file: string,
  columns: readonly ColumnRead[],
  options: DataJobOptions = {},
): Promise<ColumnData> {
  return withFile(file, options, async (db, relation) => {
    const names = columns.map((column) => (typeof column === 'string' ? column : column.name));
    const wanted = await plan(db, relation, file, names);
    const [[rows] = []] = await db.rows(`SELECT count(*)::DOUBLE FROM ${relation}`);
    const readers = wanted.map(({ name, type }, index) => {
      const column = columns[index];
      const as = typeof column === 'object' ? column.as : undefined;
      if (as === 'text') return textColumn(name, Number(rows));
      if (as === 'double') return doubleColumn(name, new Float64Array(Number(rows)));
      return columnReader(name, type, Number(rows));
    });
    let offset = 0;
    await db.chunks(`SELECT ${readers.map(({ sql }) => sql).join(', ')} FROM ${relation}`, (chunk) => {
      for (const [index, reader] of readers.entries()) reader.take(chunk, index, offset);
      offset += chunk.rowCount;
    });
    // Own properties only, so that no column name can mean something else.
    return Object.fromEntries(wanted.map(({ name }, index) => [name, readers[index]?.values() ?? []]));
  });
}

/**
 * Numbers the blocks of rows that have the same values in these columns: 0, 1, 2, ... in the order of first appearance,
 * one number a row, in file order. Null counts as a value.
 *
 * @throws {DataUnreadableError} for a column that the file does not have.
 */
export async function blockIds(
  file: string,
  names: readonly string[],
  options: DataJobOptions = {},
): Promise<Int32Array> {
  return withFile(file, options, async (db, relation) => {
    await plan(db, relation, file, names);
    const [[rows] = []] = await db.rows(`SELECT count(*)::DOUBLE FROM ${relation}`);
    const ids = new Int32Array(Number(rows));
    const known = new Map<bigint, number>();
    let offset = 0;
    // Two blocks of a million share a 64-bit hash once in 40 million tables; they would be resampled together.
    await db.chunks(`SELECT hash(${names.map(quoteName).join(', ')}) FROM ${relation}`, (chunk) => {
      const hashes = (chunk.getColumnVector(0) as DuckDBUBigIntVector)['items'];
      for (const [row, hash] of hashes.entries()) {
        let id = known.get(hash);
        if (id === undefined) known.set(hash, (id = known.size));
        ids[offset + row] = id;
      }
      offset += chunk.rowCount;
    });
    return ids;
  });
}

async function withFile<T>(
  file: string,
  options: DataJobOptions,
  job: (db: Db, relation: string) => Promise<T>,
): Promise<T> {
  return withDuckDb(readingOptions([file], options), async (db) => job(db, `read_parquet(${quoteFile(file)})`));
}

async function plan(
  db: Db,
  relation: string,
  file: string,
  names: readonly string[],
): Promise<{ name: string; type: ColumnType }[]> {
  const found = await db.describe(`SELECT * FROM ${relation}`);
  const types = new Map(found.map(({ name, type }) => [name, columnType(type)]));
  return names.map((name) => {
    const type = types.get(name);
    if (type === undefined || type === 'other') {
      const near = nearestName(name, [...types.keys()]);
      const what =
        type === undefined
          ? `there is no such column${near ? `, the nearest is "${near}"` : ''}`
          : 'its type is not one that models take';
      throw new DataUnreadableError(`Cannot read column "${name}": ${what}`, { details: { file, column: name } });
    }
    return { name, type };
  });
}

interface ColumnReader {
  readonly sql: string;
  take(chunk: DuckDBDataChunk, index: number, offset: number): void;
  values(): ColumnValues;
}

function columnReader(name: string, type: ColumnType, rows: number): ColumnReader {
  const column = quoteName(name);
  switch (type) {
    case 'string':
      return textColumn(name, rows);
    case 'boolean':
      return booleanReader(`coalesce(CAST(${column} AS UTINYINT), ${NULL_BOOLEAN})::UTINYINT`, rows);
    case 'timestamp':
    case 'date':
      return numberReader(`coalesce(epoch_ms(CAST(${column} AS TIMESTAMP))::DOUBLE, 'nan')`, new Float64Array(rows));
    case 'integer':
    case 'number':
    case 'other':
      // As DOUBLE first: DuckDB refuses to make a FLOAT of 1e300, the typed array makes it Infinity.
      return doubleColumn(name, new Float32Array(rows));
  }
}

function textColumn(name: string, rows: number): ColumnReader {
  return textReader(`coalesce(CAST(${quoteName(name)} AS VARCHAR), '')`, rows);
}

function doubleColumn(name: string, values: Float32Array | Float64Array): ColumnReader {
  return numberReader(`coalesce(CAST(${quoteName(name)} AS DOUBLE), 'nan')`, values);
}

/*
 * The vectors' typed arrays are private to DuckDB's client; its public way is a call a value and a big integer a
 * validity bit, ten times slower. The client's version is pinned, and test/src/data/columns.test.ts would notice.
 */
function numberReader(sql: string, values: Float32Array | Float64Array): ColumnReader {
  return {
    sql,
    take: (chunk, index, offset) => values.set((chunk.getColumnVector(index) as DuckDBDoubleVector)['items'], offset),
    values: () => values,
  };
}

const NULL_BOOLEAN = 2;

function booleanReader(sql: string, rows: number): ColumnReader {
  const values = new Uint8Array(rows);
  return {
    sql,
    take: (chunk, index, offset) => values.set((chunk.getColumnVector(index) as DuckDBUTinyIntVector)['items'], offset),
    values: () =>
      values.includes(NULL_BOOLEAN)
        ? Float32Array.from(values, (value) => (value === NULL_BOOLEAN ? Number.NaN : value))
        : values,
  };
}

function textReader(sql: string, rows: number): ColumnReader {
  const values = Array.from({ length: rows }, () => '');
  const cache = new TextCache();
  return {
    sql,
    take: (chunk, index, offset) => {
      const vector = chunk.getColumnVector(index) as DuckDBVarCharVector;
      cache.read(vector['dataView'], vector, values, offset);
    },
    values: () => values,
  };
}
