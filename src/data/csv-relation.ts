import type { ColumnType } from '../domain/data.js';
import { columnType, STORED_TYPE } from './column-type.js';
import { MAX_LINE_BYTES, type CsvHeader } from './csv-header.js';
import type { Db } from './duckdb.js';
import { quoteFile, quoteName, quoteText } from './sql-text.js';

/** A column of a CSV file and the DuckDB type it is read as. */
export interface CsvColumn {
  readonly name: string;
  readonly type: string;
}

/** The column types that a spec declares, by column name. */
export type DeclaredTypes = ReadonlyMap<string, ColumnType>;

/** Rows that types are sniffed from at first; a value further down that does not fit leads to sniffing the whole file. */
const SAMPLE_ROWS = 20_480;

/**
 * Types of the columns: the declared one where there is one, else the narrowest of boolean, whole number, number, date,
 * timestamp and text that fits the sample (or all rows). Dates are ISO 8601 only: 03/04 stays text, because it means two
 * days. Numbers with leading zeros stay text.
 */
export async function sniffCsv(
  db: Db,
  file: string,
  header: CsvHeader,
  declared: DeclaredTypes,
  rows: 'sample' | 'all',
): Promise<CsvColumn[]> {
  if (header.exact) return header.names.map((name) => ({ name, type: storedType(declared.get(name)) }));
  const sample = rows === 'all' ? -1 : SAMPLE_ROWS;
  const found = await db.describe(
    `SELECT * FROM read_csv(${quoteFile(file)}, ${dialect(header)}, auto_detect = true, sample_size = ${sample},
       auto_type_candidates = ['BOOLEAN', 'BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP', 'TIMESTAMPTZ', 'VARCHAR'])`,
  );
  return header.names.map((name, index) => ({
    name,
    type: chosenType(found[index]?.type ?? 'VARCHAR', declared.get(name)),
  }));
}

/**
 * The file as a relation with exactly these columns, nothing guessed; numbers and times as text, see
 * {@link csvProjection}.
 */
export function csvRelation(
  file: string,
  header: CsvHeader,
  columns: readonly CsvColumn[],
  extra: readonly string[] = [],
): string {
  const asText = ({ name, type }: CsvColumn) => ({ name, type: READ_AS_TEXT.has(type) ? 'VARCHAR' : type });
  return typedCsvRelation(file, header, columns.map(asText), extra);
}

/** As {@link csvRelation}, with every column read as its own type: for finding values that do not convert. */
export function typedCsvRelation(
  file: string,
  header: CsvHeader,
  columns: readonly CsvColumn[],
  extra: readonly string[] = [],
): string {
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`);
  const options = [dialect(header), 'auto_detect = false', `columns = {${types.join(', ')}}`, ...extra];
  return `read_csv(${quoteFile(file)}, ${options.join(', ')})`;
}

/**
 * The expressions that turn the relation's columns into those of the part. DuckDB reads 12.5 as the whole number 13,
 * 1_000 as 1000, 1e999 as infinity, and a time with a zone as one without, so how numbers and times are spelled is
 * checked: see {@link misread}. What fails raises an error that begins with {@link MISREAD}, or DuckDB's own.
 */
export function csvProjection(columns: readonly CsvColumn[], spelling: Spelling): string {
  return columns
    .map((column) => {
      const value = quoteName(column.name);
      const bad = misread(column, spelling);
      const typed = READ_AS_TEXT.has(column.type) ? `CAST(${value} AS ${column.type})` : value;
      const read = column.type === ZONED ? `CAST(${typed} AS TIMESTAMP)` : typed;
      if (bad === undefined) return `${read} AS ${value}`;
      return `CASE WHEN ${bad} THEN error(${quoteText(MISREAD + column.name)}) ELSE ${read} END AS ${value}`;
    })
    .join(', ');
}

/**
 * How values may be spelled. `plain` wants whole numbers in the way in which they are written, quick to compare with, and
 * times without space before them; `loose` takes 007, +7 and spaces too; `exact` takes what a database writes, infinite
 * numbers too.
 */
export type Spelling = 'plain' | 'loose' | 'exact';

/**
 * SQL that is true for a value of the relation that DuckDB converts to something else than what stands there; undefined
 * for a type that has no such values. NaN is a number: whoever reads the part counts it.
 */
export function misread({ name, type }: CsvColumn, spelling: Spelling): string | undefined {
  const value = quoteName(name);
  if (type === 'DATE') return noDate(value);
  if (type === 'TIMESTAMP') return noLocalTime(value);
  if (type === ZONED) return `NOT ${matches(value, DAY + TIME + ZONE)}`;
  if (spelling === 'exact') return undefined;
  if (type === 'DOUBLE') return `contains(${value}, '_') OR isinf(CAST(${value} AS DOUBLE))`;
  if (type !== 'BIGINT') return undefined;
  return spelling === 'plain'
    ? `CAST(CAST(${value} AS BIGINT) AS VARCHAR) <> ${value}`
    : `ltrim(${value}, '0123456789-+ ') <> ''`;
}

/**
 * SQL that is true for a value for which an undeclared column of this type is text: as {@link misread}, and for whole
 * numbers in any but their plain spelling, spaces around it aside. A time with a zone is none: see {@link withZone}.
 */
export function notOfType({ name, type }: CsvColumn): string | undefined {
  const value = quoteName(name);
  if (type === 'BIGINT') {
    return `coalesce(CAST(TRY_CAST(${value} AS BIGINT) AS VARCHAR) <> trim(${value}), ${value} IS NOT NULL)`;
  }
  if (type === 'DOUBLE') return `contains(${value}, '_') OR coalesce(isinf(TRY_CAST(${value} AS DOUBLE)), false)`;
  if (type !== 'TIMESTAMP') return misread({ name, type }, 'loose');
  const zoned = `${matches(value, DAY + TIME + ZONE)} AND TRY_CAST(${value} AS TIMESTAMPTZ) IS NOT NULL`;
  return `${noLocalTime(value)} AND NOT (${zoned})`;
}

/** SQL that is true for a value that makes a column of times one of times with a zone; undefined for other columns. */
export function withZone({ name, type }: CsvColumn): string | undefined {
  return type === 'TIMESTAMP' ? noLocalTime(quoteName(name)) : undefined;
}

/**
 * True for all but times without a zone; DuckDB reads one with a zone as one without, "10:" as 10:00, and "epoch" and
 * "infinity" too. The usual spellings are looked for first, and the slow pattern only where they are not found: DuckDB
 * stops early in a condition of ANDs, not in the negation of one of ORs.
 */
function noLocalTime(value: string): string {
  return `${value} NOT LIKE '____-__-__ __:__:__' AND ${value} NOT LIKE '____-__-__T__:__:__'
    AND NOT ${matches(value, DAY + TIME)}`;
}

/** True for all but dates; "epoch" is 1900-01-01 to DuckDB here. */
function noDate(value: string): string {
  return `(${value} NOT LIKE '____-__-__' OR ${value} < '0' OR ${value} >= ':') AND NOT ${matches(value, DAY)}`;
}

function matches(value: string, pattern: string): string {
  return `regexp_full_match(trim(${value}), '${pattern}')`;
}

const DAY = String.raw`\d{4,6}[-/]\d{1,2}[-/]\d{1,2}`;
const TIME = String.raw`([T ] *\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?`;
/** An offset, or a name such as Z or Europe/Berlin. */
const ZONE = String.raw`( ?([-+]\d{1,2}(:?\d{2})?|[A-Za-z]+(/[A-Za-z_]+)*))?`;

export const MISREAD = 'misread value in column: ';
export const ZONED = 'TIMESTAMP WITH TIME ZONE';
const READ_AS_TEXT = new Set(['BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP', ZONED]);

function dialect({ delimiter, exact = false }: CsvHeader): string {
  return [
    `delim = ${quoteText(delimiter)}`,
    `allow_quoted_nulls = ${!exact}`,
    `quote = '"', escape = '"', comment = '', skip = 0, header = true, compression = 'none', encoding = 'utf-8'`,
    `strict_mode = true, null_padding = false, normalize_names = false`,
    `dateformat = '%Y-%m-%d', max_line_size = ${MAX_LINE_BYTES}`,
    // The default of 32 MB a thread doubles the memory and is no faster.
    `buffer_size = ${2 * MAX_LINE_BYTES}`,
  ].join(', ');
}

function storedType(type: ColumnType | undefined): string {
  return type === undefined || type === 'other' ? 'VARCHAR' : STORED_TYPE[type];
}

function chosenType(sniffed: string, declared: ColumnType | undefined): string {
  if (declared === undefined || declared === 'other') return sniffed;
  const type = columnType(sniffed);
  if (type === declared) return sniffed;
  if (declared === 'string') return 'VARCHAR';
  // Wider than declared, but sound: the contract judges it by its values.
  const sound =
    (declared === 'integer' && type === 'number') ||
    (declared === 'boolean' && type === 'integer') ||
    (declared === 'date' && type === 'timestamp');
  return sound ? sniffed : STORED_TYPE[declared];
}
