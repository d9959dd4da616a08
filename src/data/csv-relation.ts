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

/** The file as a relation with exactly these columns, nothing guessed; whole numbers as text, see {@link csvProjection}. */
export function csvRelation(
  file: string,
  header: CsvHeader,
  columns: readonly CsvColumn[],
  extra: readonly string[] = [],
): string {
  return typedCsvRelation(
    file,
    header,
    columns.map(({ name, type }) => ({ name, type: type === 'BIGINT' ? 'VARCHAR' : type })),
    extra,
  );
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
 * The expressions that turn the relation's columns into those of the part. DuckDB reads 12.5 as the whole number 13, so
 * whole numbers are read as text and their spelling is checked: `plain` wants the one in which a number is written,
 * `digits` takes 007, +7 and spaces too. What fails raises an error that begins with {@link NOT_WHOLE}, or DuckDB's own.
 */
export function csvProjection(columns: readonly CsvColumn[], spelling: 'plain' | 'digits'): string {
  return columns
    .map(({ name, type }) => {
      const value = quoteName(name);
      if (type === 'BIGINT') {
        const bad = spelling === 'plain' ? `CAST(CAST(${value} AS BIGINT) AS VARCHAR) <> ${value}` : notDigits(name);
        return `CASE WHEN ${bad} THEN error(${quoteText(NOT_WHOLE + name)}) ELSE CAST(${value} AS BIGINT) END AS ${value}`;
      }
      if (type === 'TIMESTAMP WITH TIME ZONE') return `CAST(${value} AS TIMESTAMP) AS ${value}`;
      return value;
    })
    .join(', ');
}

/** SQL that is true for text that is not made of digits; much slower than comparing with the plain spelling. */
export function notDigits(name: string): string {
  return `ltrim(${quoteName(name)}, '0123456789-+ ') <> ''`;
}

/** SQL that is true for text that is no whole number in its plain spelling, spaces around it aside. */
export function notPlain(name: string): string {
  const value = quoteName(name);
  return `coalesce(CAST(TRY_CAST(${value} AS BIGINT) AS VARCHAR) <> trim(${value}), ${value} IS NOT NULL)`;
}

export const NOT_WHOLE = 'not a whole number in column: ';

function dialect({ delimiter }: CsvHeader): string {
  return [
    `delim = ${quoteText(delimiter)}`,
    `quote = '"', escape = '"', comment = '', skip = 0, header = true, compression = 'none', encoding = 'utf-8'`,
    `strict_mode = true, null_padding = false, normalize_names = false`,
    `dateformat = '%Y-%m-%d', max_line_size = ${MAX_LINE_BYTES}`,
    // The default of 32 MB a thread doubles the memory and is no faster.
    `buffer_size = ${2 * MAX_LINE_BYTES}`,
  ].join(', ');
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
