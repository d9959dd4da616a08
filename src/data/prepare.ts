import { dirname } from 'node:path';
import type { Column } from '../domain/data.js';
import { DataEmptyError } from '../errors.js';
import { withDuckDb } from './duckdb.js';
import { LABEL_CODE, mismatch, preparedTable, prepareStep, type PrepareInput } from './prepared-table.js';
import { quoteName, quoteText, readParquet } from './sql-text.js';
import { writingOptions, type DataJobOptions } from './job-options.js';

/**
 * Runs the SQL of `prepare` over the sources and writes the training table whole. A run uses `prepareSplit`, which
 * saves this file; this is for looking at the table.
 *
 * @throws {PrepareFailedError} for SQL or columns that do not do; {@link DataEmptyError} without rows.
 */
export async function prepareTable(
  input: PrepareInput & { readonly outFile: string },
  options: DataJobOptions = {},
): Promise<{ readonly columns: readonly Column[]; readonly rows: number }> {
  const { tables, outFile, task } = input;
  return withDuckDb(writingOptions(Object.values(tables).flat(), dirname(outFile), options), async (db) => {
    const table = await preparedTable(db, input);
    const values = table.columns.map(({ name }) =>
      name === task.label
        ? `CASE WHEN ${LABEL_CODE} = 2 THEN error('a label is neither 1 nor 0') ELSE ${LABEL_CODE} = 1 END AS ${quoteName(name)}`
        : quoteName(name),
    );
    const copy = `COPY (SELECT ${values.join(', ')} FROM (${table.select}))
      TO ${quoteText(outFile)} (FORMAT parquet, COMPRESSION zstd)`;
    await prepareStep(() => db.run(copy), 'it failed while it ran');
    const label = quoteName(task.label);
    const [[rows, yes, no] = []] = await db.rows(
      `SELECT count(*)::DOUBLE, count_if(${label})::DOUBLE, count_if(NOT ${label})::DOUBLE FROM ${readParquet([outFile])}`,
    );
    if (Number(rows) === 0) throw new DataEmptyError('Cannot prepare the training table: the SQL gave no rows');
    if (Number(yes) === 0 || Number(no) === 0) {
      throw mismatch(`the label "${task.label}" has one class in all ${String(rows)} rows, want both`, task.label);
    }
    return { columns: table.columns, rows: Number(rows) };
  });
}
