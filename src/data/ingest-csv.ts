import { checkColumnNames } from './column-names.js';
import { readCsvHeader, type CsvHeader } from './csv-header.js';
import { explainCsv } from './csv-problem.js';
import {
  csvProjection,
  csvRelation,
  MISREAD,
  notOfType,
  sniffCsv,
  withZone,
  ZONED,
  type CsvColumn,
  type DeclaredTypes,
  type Spelling,
} from './csv-relation.js';
import { scanLines, scanShape } from './csv-scan.js';
import type { Db } from './duckdb.js';
import { QueryError } from './query-error.js';
import { unreadableRows } from './row-problem.js';

export interface CsvInput {
  readonly file: string;
  readonly object: string;
  readonly declared: DeclaredTypes;
  /** The file was written by a database: see {@link CsvHeader.exact}, and `declared` has the type of every column. */
  readonly exact?: boolean;
  /** Default: the likeliest one, by the first line. */
  readonly delimiter?: string;
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
  const { exact = false, delimiter = exact ? ',' : undefined } = input;
  const header: CsvHeader = { ...(await readCsvHeader(file, object, delimiter)), exact };
  checkColumnNames(header.names, object);
  // Before DuckDB sees the file, which takes 2 GB for a line of 100 MB.
  const overlong = await scanLines(file, input.signal);
  if (overlong) throw unreadableRows(object, [overlong]);
  const scan = scanShape(file, header.delimiter, input.signal);
  // It runs beside the reading below; its failure is seen by the awaits.
  scan.catch(() => undefined);
  try {
    await readStrictly(db, input, header, write);
  } catch (error) {
    const misshape = await scan;
    throw misshape ? unreadableRows(object, [misshape]) : error;
  }
  const misshape = await scan;
  if (misshape) throw unreadableRows(object, [misshape]);
}

async function readStrictly(
  db: Db,
  input: CsvInput,
  header: CsvHeader,
  write: (select: string, columns: number) => Promise<void>,
): Promise<void> {
  const { file, declared } = input;
  let columns: CsvColumn[] = [];
  const attempt = async (spelling: Spelling) => {
    const select = `SELECT ${csvProjection(columns, spelling)} FROM ${csvRelation(file, header, columns)}`;
    await write(select, columns.length);
  };
  try {
    columns = await sniffCsv(db, file, header, declared, 'sample');
    await attempt(header.exact ? 'exact' : 'plain');
    return;
  } catch (error) {
    if (header.exact || !aboutValues(error)) throw await explained(db, input, header, columns, error);
  }
  try {
    columns = await widened(db, file, header, await sniffCsv(db, file, header, declared, 'all'), declared);
    await attempt('loose');
  } catch (error) {
    throw await explained(db, input, header, columns, error);
  }
}

function aboutValues(error: unknown): boolean {
  return error instanceof QueryError && (error.kind === 'Conversion' || error.message.includes(MISREAD));
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
  return explainCsv(db, input, header, known);
}

const BAD_INPUT = new Set(['Invalid Input', 'Conversion', 'Out of Range', 'Not implemented', 'Parser', 'Binder']);

/**
 * What the sniffer does not look for. A column of numbers or times that has other spellings of them (0x10, 007, 1_000), or
 * what is not finite, is text, unless it is declared; one of times of which some have a zone is of times with a zone.
 */
async function widened(
  db: Db,
  file: string,
  header: CsvHeader,
  columns: CsvColumn[],
  declared: DeclaredTypes,
): Promise<CsvColumn[]> {
  const tests = columns.flatMap((column) => [
    { ...column, to: 'VARCHAR', test: declared.has(column.name) ? undefined : notOfType(column) },
    { ...column, to: ZONED, test: withZone(column) },
  ]);
  const asked = tests.filter(({ test }) => test !== undefined);
  if (asked.length === 0) return columns;
  const [answers = []] = await db.rows(
    `SELECT ${asked.map(({ test }) => `coalesce(bool_or(${test}), false)`).join(', ')} FROM ${csvRelation(file, header, columns)}`,
  );
  const changed = asked.filter((_, index) => answers[index] === true);
  return columns.map((column) => ({
    name: column.name,
    type: changed.find(({ name }) => name === column.name)?.to ?? column.type,
  }));
}
