import { dirname } from 'node:path';
import { copyRows } from './copy-rows.js';
import { withDuckDb } from './duckdb.js';
import { writingOptions, type DataJobOptions } from './job-options.js';
import { quoteText } from './sql-text.js';

/** One line of the text form of metric points: `step,"metric",value`. */
export function pointLine(step: number, metric: string, value: number): string {
  return `${step},"${metric.replaceAll('"', '""')}",${value}\n`;
}

/** Writes metric points as Parquet with the columns `step`, `metric` and `value`, in the order of the first two. */
export async function writePoints(textFile: string, outFile: string, options: DataJobOptions = {}): Promise<void> {
  const small = { memoryLimit: '128MB', ...options };
  await withDuckDb(writingOptions([textFile], dirname(outFile), small), async (db) => {
    const columns = "{'step': 'BIGINT', 'metric': 'VARCHAR', 'value': 'DOUBLE'}";
    const read = `read_csv(${quoteText(textFile)}, header = false, delim = ',', quote = '"', escape = '"', columns = ${columns})`;
    await copyRows(db, `SELECT * FROM ${read} ORDER BY step, metric, value`, outFile, 3);
  });
}
