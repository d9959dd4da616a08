import path from 'node:path';
import { readColumns, type ColumnData } from '../data/columns.js';
import { withDuckDb } from '../data/duckdb.js';
import { quoteFile, quoteText, readParquet } from '../data/sql-text.js';
import type { StoredSpec } from '../spec/spec.js';
import { monday, weekFile } from './weeks.js';

/** The flights of a week as a model is asked about them, and what became of them. */
export interface AskedWeek {
  readonly rows: number;
  /** By feature name. */
  readonly features: ColumnData;
  /** 1 for late, a row each. */
  readonly labels: Uint8Array;
}

/**
 * Prepares the questions of one week with the model's own SQL, as they would be asked at each push-back: the SQL looks
 * at earlier rows only, and two weeks before are enough for it.
 *
 * @param folder has the files of this week and of the two before
 */
export async function askedWeek(
  folder: string,
  week: number,
  { spec, prepareSql = 'FROM flights' }: StoredSpec,
): Promise<AskedWeek> {
  const files = [week - 2, week - 1, week].map((each) => path.join(folder, weekFile(each)));
  const table = path.join(folder, `asked-${monday(week)}.parquet`);
  await withDuckDb({ folders: [folder], tempFolder: path.join(folder, '.spill') }, async (db) => {
    await db.run(`CREATE VIEW flights AS FROM ${readParquet(files)}`);
    await db.run(
      `COPY (SELECT * FROM (${prepareSql}\n) WHERE ${spec.task.eventTime} >= ${quoteText(monday(week))}
        ORDER BY ${spec.task.eventTime}) TO ${quoteFile(table)} (FORMAT parquet)`,
    );
  });
  const features = await readColumns(table, spec.task.features);
  const label = (await readColumns(table, [spec.task.label]))[spec.task.label] ?? [];
  const labels = Uint8Array.from(label as ArrayLike<number>);
  return { rows: labels.length, features, labels };
}
