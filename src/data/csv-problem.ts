import { DataUnreadableError } from '../errors.js';
import { typedCsvRelation, type CsvColumn } from './csv-relation.js';
import { MAX_LINE_BYTES, type CsvHeader } from './csv-header.js';
import type { Db } from './duckdb.js';
import { queryError, QueryError } from './query-error.js';

/** One row that cannot be read. */
export interface CsvProblem {
  /** From 1; the first line holds the names. */
  readonly line?: number;
  readonly column?: string;
  /** What was found and what is wanted. */
  readonly found: string;
}

/**
 * Reads a file that could not be ingested once more, to say where it is broken: structure first (quotes, number of
 * fields, encoding), then values that do not fit the columns' types. Up to five rows are named in `details.problems`.
 */
export async function explainCsv(
  db: Db,
  file: string,
  header: CsvHeader,
  columns: readonly CsvColumn[],
  object: string,
  cause: unknown,
): Promise<DataUnreadableError> {
  const problems = await csvProblems(db, file, header, columns);
  return csvError(object, problems.length > 0 ? problems : [{ found: oneLine(queryError(cause).summary) }], cause);
}

/** The error for these problems, of which there is at least one. */
export function csvError(object: string, problems: readonly CsvProblem[], cause?: unknown): DataUnreadableError {
  const { line, column, found = '' } = problems[0] ?? {};
  const place = (line === undefined ? '' : `, line ${line}`) + (column === undefined ? '' : `, column "${column}"`);
  const more = problems.length > 1 ? `; ${problems.length - 1} more in the details` : '';
  return new DataUnreadableError(`Cannot read "${object}"${place}: ${found}${more}`, {
    fix: 'Correct the row where the file is written, and write the file again.',
    details: { object, ...(line !== undefined && { line }), ...(column !== undefined && { column }), problems },
    ...(cause !== undefined && { cause }),
  });
}

/** Up to five rows that cannot be read: for their structure, or when that is sound, for values of the wrong type. */
export async function csvProblems(
  db: Db,
  file: string,
  header: CsvHeader,
  columns: readonly CsvColumn[],
): Promise<CsvProblem[]> {
  const asText = header.names.map((name) => ({ name, type: 'VARCHAR' }));
  for (const types of [asText, columns]) {
    const [tolerant, strict] = [REJECTS, []].map((extra) => typedCsvRelation(file, header, types, extra));
    const found = await findProblems(db, tolerant ?? '', strict ?? '');
    if (found.length > 0) return found;
  }
  return [];
}

const REJECTS = ['store_rejects = true', 'rejects_limit = 5'];

async function findProblems(db: Db, tolerant: string, strict: string): Promise<CsvProblem[]> {
  try {
    // Counting one column would let DuckDB skip the conversion of the others.
    await db.rows(`SELECT count(COLUMNS(*)) FROM ${tolerant}`);
    const rejects = await db.rows(
      `SELECT line::DOUBLE, column_name, error_type::VARCHAR, error_message FROM reject_errors ORDER BY line LIMIT 5`,
    );
    await db.run('DROP TABLE reject_errors');
    await db.run('DROP TABLE reject_scans');
    if (rejects.length > 0) {
      return rejects.map(([line, column, type, message]) => ({
        line: Number(line),
        ...(typeof column === 'string' && type === 'CAST' && { column }),
        found: plainReason(String(message)),
      }));
    }
    // What is no row, such as broken UTF-8, is in no table of rejects.
    await db.rows(`SELECT count(COLUMNS(*)) FROM ${strict}`);
    return [];
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const line = /CSV Error on Line: (\d+)/.exec(error.message)?.[1];
    const column = /converting column "([^]*?)"\. /.exec(error.message)?.[1];
    return [{ ...(line && { line: Number(line) }), ...(column && { column }), found: plainReason(error.message) }];
  }
}

function plainReason(message: string): string {
  const fields = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  if (fields) return `found ${fields[2]} fields, want ${fields[1]}`;
  if (/unterminated quote/i.test(message))
    return 'a quote never closes, or stands inside a value without being doubled';
  if (/unicode|utf-8 encoded/i.test(message)) return 'it has bytes that are not UTF-8';
  if (/Maximum line size/i.test(message)) return `the line is longer than ${MAX_LINE_BYTES} bytes`;
  if (/state machine reached an invalid state/i.test(message)) {
    return 'its line ends are mixed (some CR LF, some LF), or a quote stands where none may';
  }
  const value = /Could not convert string "([^]*?)" to '([^']*)'/.exec(message);
  if (value) return `found "${shorten(value[1] ?? '')}", want ${wanted(value[2] ?? '')}`;
  return oneLine(message);
}

function wanted(type: string): string {
  const names: Record<string, string> = { BIGINT: 'a whole number', DOUBLE: 'a number', BOOLEAN: 'true or false' };
  if (type === 'DATE') return 'a date such as 2001-12-31';
  if (type.startsWith('TIMESTAMP')) return 'a time such as 2001-12-31 23:59:00';
  return names[type] ?? type;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

function oneLine(message: string): string {
  return shorten(message.replace(/^[A-Z][A-Za-z ]*? Error: /, '').split('\n')[0] ?? '');
}
