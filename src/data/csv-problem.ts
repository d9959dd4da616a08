import type { DataUnreadableError } from '../errors.js';
import { MAX_LINE_BYTES, type CsvHeader } from './csv-header.js';
import { csvRelation, misread, typedCsvRelation, type CsvColumn } from './csv-relation.js';
import { lineOfRow } from './csv-scan.js';
import type { Db } from './duckdb.js';
import { isOutOfMemory, QueryError } from './query-error.js';
import { unreadableRows, type RowProblem } from './row-problem.js';
import { shownValue } from './shown-value.js';
import { quoteName } from './sql-text.js';

/**
 * Reads a file that could not be ingested once more, to say where it is broken: structure first (quotes, number of
 * fields, encoding), then values that do not fit the columns' types. Up to five rows are named in `details.problems`.
 *
 * What DuckDB said is not kept as the cause: it quotes whole rows, and causes travel into Temporal's histories.
 */
export async function explainCsv(
  db: Db,
  input: { readonly file: string; readonly object: string; readonly signal?: AbortSignal },
  header: CsvHeader,
  columns: readonly CsvColumn[],
): Promise<DataUnreadableError> {
  const { file, object, signal } = input;
  const asText = header.names.map((name) => ({ name, type: 'VARCHAR' }));
  for (const types of [asText, columns]) {
    const found = await rejectedRows(db, (extra) => typedCsvRelation(file, header, types, extra), types);
    if (found.length > 0) return unreadableRows(object, found);
  }
  const found = await misreadValues(db, file, header, columns, signal);
  return unreadableRows(object, found.length > 0 ? found : [{ found: 'it cannot be read' }]);
}

const REJECTS = ['store_rejects = true', 'rejects_limit = 5'];

async function rejectedRows(
  db: Db,
  relation: (extra: readonly string[]) => string,
  columns: readonly CsvColumn[],
): Promise<RowProblem[]> {
  const problem = (line: number | undefined, name: string | undefined, message: string): RowProblem => {
    const column = columns.find((one) => one.name === name);
    const found = column ? unfitValue(message, column.type) : plainReason(message);
    return { ...(line !== undefined && { line }), ...(column && { column: column.name }), found };
  };
  try {
    for (const table of ['reject_errors', 'reject_scans']) await db.run(`DROP TABLE IF EXISTS ${table}`);
    // Counting one column would let DuckDB skip the conversion of the others.
    await db.rows(`SELECT count(COLUMNS(*)) FROM ${relation(REJECTS)}`);
    const rejects = await db.rows(
      `SELECT line::DOUBLE, CASE WHEN error_type = 'CAST' THEN column_name END, error_message
       FROM reject_errors ORDER BY line LIMIT 5`,
    );
    if (rejects.length > 0) {
      return rejects.map(([line, column, message]) => {
        return problem(Number(line), typeof column === 'string' ? column : undefined, String(message));
      });
    }
    // What is no row, such as broken UTF-8, is in no table of rejects.
    await db.rows(`SELECT count(COLUMNS(*)) FROM ${relation([])}`);
    return [];
  } catch (error) {
    if (!(error instanceof QueryError) || isOutOfMemory(error)) throw error;
    const line = /CSV Error on Line: (\d+)/.exec(error.message)?.[1];
    const column = /converting column "([^]*?)"\. /.exec(error.message)?.[1];
    return [problem(line === undefined ? undefined : Number(line), column, error.message)];
  }
}

/** Of a value with line feeds the message has the first line only. */
function unfitValue(message: string, type: string): string {
  const value = /Could not convert string "([^]*?)(" to '|$)/.exec(message)?.[1];
  const found = value === undefined ? 'found text' : `found ${shownValue(value.replaceAll('""', '"'))}`;
  return `${found}, want ${wanted(type)}`;
}

/** The first value of each column, of up to five, that converts to something else than what stands there. */
async function misreadValues(
  db: Db,
  file: string,
  header: CsvHeader,
  columns: readonly CsvColumn[],
  signal: AbortSignal | undefined,
): Promise<RowProblem[]> {
  const tests = columns.flatMap((column) => {
    const bad = misread(column, header.exact ? 'exact' : 'loose');
    return bad === undefined ? [] : [{ ...column, bad }];
  });
  const relation = csvRelation(file, header, columns);
  const [answers = []] = await db.rows(
    `SELECT NULL, ${tests.map(({ bad }) => `coalesce(bool_or(${bad}), false)`).join(', ')} FROM ${relation}`,
  );
  const problems: RowProblem[] = [];
  for (const { name, type, bad } of tests.filter((_, index) => answers[index + 1] === true).slice(0, 5)) {
    const [[row, value] = []] = await db.rows(
      `SELECT row::DOUBLE, value FROM (
         SELECT row_number() OVER () AS row, CAST(${quoteName(name)} AS VARCHAR) AS value, ${bad} AS bad FROM ${relation}
       ) WHERE bad ORDER BY row LIMIT 1`,
    );
    const line = await lineOfRow(file, Number(row), header, signal);
    problems.push({
      ...(line !== undefined && { line }),
      column: name,
      found: `found ${shownValue(String(value))}, want ${wanted(type)}`,
    });
  }
  return problems.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
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
  // Anything else that DuckDB says may quote the row.
  return 'it cannot be read';
}

/** The values of a DuckDB type, in words that follow "want". */
function wanted(type: string): string {
  const names: Record<string, string> = {
    BIGINT: 'a whole number',
    DOUBLE: 'a finite number',
    BOOLEAN: 'true or false',
  };
  if (type === 'DATE') return 'a date such as 2001-12-31';
  if (type.startsWith('TIMESTAMP')) return 'a time such as 2001-12-31 23:59:00';
  return names[type] ?? type;
}
