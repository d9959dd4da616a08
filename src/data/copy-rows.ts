import type { Db } from './duckdb.js';
import { quoteFile, quoteText } from './sql-text.js';

/**
 * Writes the rows of a SELECT over a text file as Parquet, so that the same rows give the same bytes.
 *
 * DuckDB cuts row groups where one is full, but sometimes, on a busy machine, up to 2,047 rows earlier: when the rows that
 * its threads have finished happen to end there. Such a file is written again; one of three million rows in twenty is.
 */
export async function copyRows(db: Db, select: string, outFile: string, columns: number): Promise<void> {
  const rows = rowGroupRows(columns);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await db.run(copyStatement(select, outFile, columns));
    if (rows < LEAST_CHECKED || !(await hasShortGroup(db, outFile, rows))) return;
  }
}

/** A file whose groups are short for another reason, such as buffers of just so many rows, stays as it is. */
const ATTEMPTS = 3;
/** Of groups of a few thousand rows, which very wide tables have, many are short in any case. */
const LEAST_CHECKED = 20_480;

async function hasShortGroup(db: Db, file: string, rows: number): Promise<boolean> {
  const groups = `SELECT row_group_id AS id, row_group_num_rows AS rows FROM parquet_metadata(${quoteFile(file)}) WHERE column_id = 0`;
  const [[short] = []] = await db.rows(
    `SELECT count(*)::DOUBLE FROM (${groups}) WHERE rows < ${rows} AND id < (SELECT max(id) FROM (${groups}))`,
  );
  return Number(short) > 0;
}

/**
 * A row group of DuckDB's size, smaller for wide tables, so that one always fits into memory. The file is written in place:
 * of a statement that fails DuckDB leaves its temporary file behind, under a name of its own.
 */
export function copyStatement(select: string, outFile: string, columns: number): string {
  const options = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows(columns)}, USE_TMP_FILE false`;
  return `COPY (${select}) TO ${quoteText(outFile)} (${options})`;
}

function rowGroupRows(columns: number): number {
  return Math.max(2048, Math.min(122_880, Math.floor((122_880 * 24) / Math.max(1, columns) / 2048) * 2048));
}
