import { DataUnreadableError } from '../errors.js';
import { checkColumnNames } from './column-names.js';
import { csvError, csvProblems, explainCsv } from './csv-problem.js';
import { scanCsv } from './csv-scan.js';
import { readCsvHeader, type CsvHeader } from './csv-header.js';
import {
  csvProjection,
  csvRelation,
  NOT_WHOLE,
  notDigits,
  notPlain,
  sniffCsv,
  type CsvColumn,
  type DeclaredTypes,
} from './csv-relation.js';
import type { Db } from './duckdb.js';
import { QueryError } from './query-error.js';
import { quoteName } from './sql-text.js';

export interface CsvInput {
  readonly file: string;
  readonly object: string;
  readonly declared: DeclaredTypes;
  readonly signal?: AbortSignal;
}

/**
 * Reads a CSV file through `write`, which gets a SELECT and copies it. Types come from a sample; when a value further
 * down does not fit, they come from all rows and the file is read once more.
 *
 * @throws {DataUnreadableError} with line and column where they are known.
 */
export async function ingestCsv(
  db: Db,
  input: CsvInput,
  write: (select: string, columns: number) => Promise<void>,
): Promise<void> {
  const { file, object } = input;
  const header = await readCsvHeader(file, object);
  checkColumnNames(header.names, object);
  const scan = scanCsv(file, input.signal);
  // It runs beside the reading below; its failure is seen by the awaits.
  scan.catch(() => undefined);
  try {
    await readStrictly(db, input, header, write);
  } catch (error) {
    const problem = await scan;
    throw problem ? csvError(object, [problem], error) : error;
  }
  const problem = await scan;
  if (problem) throw csvError(object, [problem]);
}

async function readStrictly(
  db: Db,
  input: CsvInput,
  header: CsvHeader,
  write: (select: string, columns: number) => Promise<void>,
): Promise<void> {
  const { file, object, declared } = input;
  let columns: CsvColumn[] = [];
  const attempt = async (spelling: 'plain' | 'digits') => {
    const select = `SELECT ${csvProjection(columns, spelling)} FROM ${csvRelation(file, header, columns)}`;
    await write(select, columns.length);
  };
  try {
    columns = await sniffCsv(db, file, header, declared, 'sample');
    await attempt('plain');
    return;
  } catch (error) {
    if (!aboutValues(error)) throw await explained(db, input, header, columns, error);
  }
  try {
    columns = await widened(db, file, header, await sniffCsv(db, file, header, declared, 'all'), declared);
    await attempt('digits');
  } catch (error) {
    const rounded = error instanceof QueryError && error.message.includes(NOT_WHOLE);
    // Text in a column of declared whole numbers has a line; 12.5, which DuckDB would round, only a row.
    if (rounded && (await csvProblems(db, file, header, columns)).length === 0) {
      throw await notWholeError(db, file, header, columns, object, error);
    }
    throw await explained(db, input, header, columns, error);
  }
}

function aboutValues(error: unknown): boolean {
  return error instanceof QueryError && (error.kind === 'Conversion' || error.message.includes(NOT_WHOLE));
}

async function explained(
  db: Db,
  input: CsvInput,
  header: CsvHeader,
  columns: readonly CsvColumn[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof QueryError) || !BAD_INPUT.has(error.kind)) return error;
  const known = columns.length > 0 ? columns : header.names.map((name) => ({ name, type: 'VARCHAR' }));
  return explainCsv(db, input.file, header, known, input.object, error);
}

const BAD_INPUT = new Set(['Invalid Input', 'Conversion', 'Out of Range', 'Not implemented', 'Parser', 'Binder']);

/** A column that is sniffed as whole numbers but has other spellings of them (0x10, 007) is text, unless it is declared. */
async function widened(
  db: Db,
  file: string,
  header: CsvHeader,
  columns: CsvColumn[],
  declared: DeclaredTypes,
): Promise<CsvColumn[]> {
  const doubtful = columns.filter(({ name, type }) => type === 'BIGINT' && !declared.has(name));
  if (doubtful.length === 0) return columns;
  const tests = doubtful.map(({ name }) => `coalesce(bool_or(${notPlain(name)}), false)`);
  const [answers = []] = await db.rows(`SELECT ${tests.join(', ')} FROM ${csvRelation(file, header, columns)}`);
  const text = new Set(doubtful.filter((_, index) => answers[index] === true).map(({ name }) => name));
  return columns.map((column) => (text.has(column.name) ? { ...column, type: 'VARCHAR' } : column));
}

async function notWholeError(
  db: Db,
  file: string,
  header: CsvHeader,
  columns: readonly CsvColumn[],
  object: string,
  cause: QueryError,
): Promise<DataUnreadableError> {
  const name = cause.message.slice(cause.message.indexOf(NOT_WHOLE) + NOT_WHOLE.length);
  const [[row, value] = []] = await db.rows(
    `SELECT row::DOUBLE, value FROM (
       SELECT row_number() OVER () AS row, ${quoteName(name)} AS value, ${notDigits(name)} AS bad
       FROM ${csvRelation(file, header, columns)}
     ) WHERE bad ORDER BY row LIMIT 1`,
  );
  const found = `found "${String(value).slice(0, 80)}", want a whole number`;
  return new DataUnreadableError(`Cannot read "${object}", row ${String(row)}, column "${name}": ${found}`, {
    fix: `Declare "${name}" as number or string in the contract, or correct the row and write the file again.`,
    details: { object, row: Number(row), column: name },
    cause,
  });
}
