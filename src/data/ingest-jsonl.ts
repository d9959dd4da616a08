import { open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ColumnType } from '../domain/data.js';
import { DataEmptyError } from '../errors.js';
import { checkColumnNames } from './column-names.js';
import { MAX_LINE_BYTES } from './csv-header.js';
import type { CsvColumn, DeclaredTypes } from './csv-relation.js';
import type { Db } from './duckdb.js';
import { JsonCsv, MAX_CSV_LINE_BYTES } from './json-csv.js';
import { jsonColumnType } from './json-kind.js';
import { lineBlocks, tooLong } from './json-lines.js';
import { JsonRows, type JsonColumn } from './json-rows.js';
import { RowError, unreadableRows } from './row-problem.js';
import { scratchLimit, type ScratchLimit, type UnpackLimits } from './scratch-limit.js';
import { quoteFile, quoteName, quoteText } from './sql-text.js';

export interface JsonlInput {
  readonly file: string;
  readonly object: string;
  readonly declared: DeclaredTypes;
  /** A path that is free, in a folder that DuckDB may read; the file is removed at the end. */
  readonly scratch: string;
  readonly limits?: UnpackLimits;
  readonly signal?: AbortSignal;
}

/**
 * Reads JSON Lines, one object a line, through `write`, which gets a SELECT and copies it. The keys become columns in the
 * order in which they first appear; a key that is missing, and null, is a missing value; an object or a list becomes a
 * column of its JSON text.
 *
 * The file is read by code of our own, which checks it and writes a CSV file of the values as they stand there. DuckDB's
 * reader ends the process on deep nesting, reads 12.5 as 12 in a column of whole numbers, spells numbers anew in columns
 * of text, and takes NaN and a comma before a bracket; its types come from a sample, where here they come from all rows.
 *
 * @throws {DataUnreadableError} with line and column where they are known.
 */
export async function ingestJsonl(
  db: Db,
  input: JsonlInput,
  write: (select: string, columns: number) => Promise<void>,
): Promise<void> {
  const { object, declared, scratch } = input;
  try {
    const columns = await convert(input);
    checkColumnNames(
      columns.map(({ name }) => name),
      object,
    );
    const typed = columns.map((column) => ({ name: column.name, type: typeOf(column, declared, object) }));
    await write(`SELECT ${typed.map(read).join(', ')} FROM ${relation(scratch, typed)}`, typed.length);
  } catch (error) {
    throw error instanceof RowError ? unreadableRows(object, [error.problem]) : error;
  } finally {
    await rm(scratch, { force: true });
  }
}

/** Writes the rows into the scratch file, all with the same columns. */
async function convert(input: JsonlInput): Promise<readonly JsonColumn[]> {
  const limit = await scratchLimit((await stat(input.file)).size, dirname(input.scratch), input.limits);
  // The first lines are read once more beforehand, because most files have all their keys there.
  const first = await pass(input, new JsonRows(input.declared), { firstBlock: true });
  const rows = await pass(input, withColumnsOf(first, input.declared), { write: limit });
  if (rows.row === 0) {
    throw new DataEmptyError(`Cannot read "${input.object}": the file holds nothing but white space`, {
      fix: 'Write the file again, or remove it from the source.',
      details: { object: input.object },
    });
  }
  if (rows.columns.length === 0) throw new RowError({ found: 'its objects have no keys, want at least one' });
  // Rows that were written before a column appeared are too short.
  if (rows.columns.length > first.columns.length) {
    await pass(input, withColumnsOf(rows, input.declared), { write: limit });
  }
  return rows.columns;
}

function withColumnsOf({ columns }: JsonRows, declared: DeclaredTypes): JsonRows {
  return new JsonRows(
    declared,
    columns.map(({ name }) => name),
  );
}

/** Reads the file, or its first block, into `rows`, and writes them as far as no new column appears. */
async function pass(
  { file, scratch, signal }: JsonlInput,
  rows: JsonRows,
  { write, firstBlock = false }: { readonly write?: ScratchLimit; readonly firstBlock?: boolean },
): Promise<JsonRows> {
  const handle = write && (await open(scratch, 'w'));
  try {
    const csv = handle && new JsonCsv(handle);
    const known = rows.columns.length;
    for await (const { bytes, line } of lineBlocks(file, signal)) {
      let number = line;
      for (let start = 0; start < bytes.length; number += 1) {
        const feed = bytes.indexOf(LINE_FEED, start);
        const end = feed < 0 ? bytes.length : feed;
        if (end - start > MAX_LINE_BYTES) throw tooLong(number);
        const isRow = rows.read(bytes, start, end, number);
        start = end + 1;
        if (!csv || !isRow || rows.columns.length > known) continue;
        csv.row(rows);
        if (csv.bytes > write.bytes) {
          const found = `the rows so far take more than ${write.bytes} bytes as a table, the most${write.reason}`;
          throw new RowError({ line: number, found });
        }
        if (csv.full) await csv.flush();
      }
      if (firstBlock) break;
    }
    await csv?.flush();
    return rows;
  } finally {
    await handle?.close();
  }
}

const LINE_FEED = 10;

function typeOf({ name, kinds, firsts }: JsonColumn, declaredTypes: DeclaredTypes, object: string): string {
  const declared = declaredTypes.get(name);
  const type = jsonColumnType(kinds, declared);
  if (type !== undefined) return type;
  // The first value of each kind was kept: the first one that makes the column unfit is among them.
  let seen = 0;
  for (const { kind, line, shown } of firsts) {
    seen |= kind;
    if (jsonColumnType(seen, declared) !== undefined) continue;
    throw unreadableRows(object, [
      { line, column: name, found: `found ${shown}, want ${WANTED[declared ?? 'other']}` },
    ]);
  }
  throw new Error('kinds that do not fit, each of which fits');
}

const WANTED: Readonly<Record<ColumnType, string>> = {
  string: 'text',
  integer: 'a whole number of at most 64 bits',
  number: 'a finite number, with at most as many digits as 64 bits hold',
  boolean: 'true or false',
  timestamp: 'a time such as 2001-12-31T23:59:00Z',
  date: 'a date such as 2001-12-31',
  other: 'one kind of value',
};

function read({ name, type }: CsvColumn): string {
  const value = quoteName(name);
  return type === 'TIMESTAMP WITH TIME ZONE' ? `CAST(${value} AS TIMESTAMP) AS ${value}` : value;
}

function relation(file: string, columns: readonly CsvColumn[]): string {
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`);
  return `read_csv(${quoteFile(file)}, columns = {${types.join(', ')}}, header = false, auto_detect = false,
    delim = ',', quote = '"', escape = '"', comment = '', compression = 'none', encoding = 'utf-8',
    allow_quoted_nulls = false, strict_mode = true, dateformat = '%Y-%m-%d',
    max_line_size = ${MAX_CSV_LINE_BYTES}, buffer_size = ${2 * MAX_CSV_LINE_BYTES})`;
}
