import { DataUnreadableError } from '../errors.js';
import { checkColumnNames } from './column-names.js';
import type { Db } from './duckdb.js';
import { checkParquetLimits } from './parquet-limits.js';
import { QueryError } from './query-error.js';
import type { UnpackLimits } from './scratch-limit.js';
import { quoteFile, quoteName } from './sql-text.js';

export interface ParquetInput {
  readonly file: string;
  readonly object: string;
  /** Where the part is written. */
  readonly folder: string;
  readonly limits?: UnpackLimits;
}

/**
 * Reads a Parquet file through `write`, which gets a SELECT and copies it. Timestamps of any unit or zone become
 * microseconds in UTC, so that the parts of a source fit together.
 *
 * @throws {DataUnreadableError} for a file that is corrupt, encrypted, too large or has columns that cannot be told apart.
 */
export async function ingestParquet(
  db: Db,
  input: ParquetInput,
  write: (select: string, columns: number) => Promise<void>,
): Promise<void> {
  const file = quoteFile(input.file);
  try {
    await checkParquetLimits(db, input);
    // The names as they stand in the file: DuckDB renames duplicates in silence.
    const schema = await db.rows(
      `SELECT name, coalesce(num_children, 0)::DOUBLE FROM parquet_schema(${file}) ORDER BY column_id`,
    );
    checkColumnNames(
      topLevel(schema.map(([name, children]) => ({ name: String(name), children: Number(children) }))),
      input.object,
    );
    const columns = await db.describe(`SELECT * FROM read_parquet(${file})`);
    const projection = columns.map(({ name, type }) => {
      const value = quoteName(name);
      return type.startsWith('TIMESTAMP') && type !== 'TIMESTAMP' ? `CAST(${value} AS TIMESTAMP) AS ${value}` : value;
    });
    await write(`SELECT ${projection.join(', ')} FROM read_parquet(${file})`, columns.length);
  } catch (error) {
    if (!(error instanceof QueryError) || NOT_THE_FILE.has(error.kind)) throw error;
    throw new DataUnreadableError(`Cannot read "${input.object}" as Parquet: ${reason(error, input)}`, {
      fix: 'Write the file again; if it opens elsewhere, write it with other settings.',
      details: { object: input.object },
    });
  }
}

/** Failures that say nothing about the file. */
const NOT_THE_FILE = new Set(['Out of Memory', 'Permission', 'Interrupt']);

interface SchemaNode {
  readonly name: string;
  readonly children: number;
}

/** The schema is a tree in depth-first order; the first node is the root. */
function topLevel(nodes: readonly SchemaNode[]): string[] {
  const names: string[] = [];
  let index = 1;
  const root = nodes[0]?.children ?? 0;
  while (index < nodes.length && names.length < root) {
    names.push(nodes[index]?.name ?? '');
    let open = 1;
    while (open > 0 && index < nodes.length) {
      open += (nodes[index]?.children ?? 0) - 1;
      index += 1;
    }
  }
  return names;
}

function reason(error: QueryError, input: { readonly file: string; readonly object: string }): string {
  return error.summary.replaceAll(input.file, input.object).split('\n')[0] ?? '';
}
