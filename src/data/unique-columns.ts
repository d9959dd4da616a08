import { withDuckDb } from './duckdb.js';
import { readingOptions, type DataJobOptions } from './job-options.js';
import { quoteName, readParquet } from './sql-text.js';

/** Which of these columns of a part file hold no value twice and none that is empty. Exact, one column after the other. */
export async function uniqueColumns(
  file: string,
  columns: readonly string[],
  options: DataJobOptions = {},
): Promise<Set<string>> {
  const unique = new Set<string>();
  if (columns.length === 0) return unique;
  await withDuckDb(readingOptions([file], options), async (db) => {
    for (const column of columns) {
      const name = quoteName(column);
      const [[same] = []] = await db.rows(`SELECT count(DISTINCT ${name}) = count(*) FROM ${readParquet([file])}`);
      if (same === true) unique.add(column);
    }
  });
  return unique;
}
