import type { ColumnProfile, ColumnType } from '../domain/data.js';
import { columnType } from './column-type.js';
import { withDuckDb, type Db, type SqlValue } from './duckdb.js';
import { readingOptions, type DataJobOptions } from './job-options.js';
import { quoteName, readParquet } from './sql-text.js';

/**
 * Statistics of every column over all rows of these part files, in one pass; text columns are read once more, one at a
 * time, for their most frequent values and their exact number. NaN counts as empty; infinities are left out of minimum,
 * maximum, mean and deviation. The number of distinct values of other columns is an estimate (2 %).
 */
export async function profileColumns(files: readonly string[], options: DataJobOptions = {}): Promise<ColumnProfile[]> {
  if (files.length === 0) return [];
  // One thread: sums of fractions depend on the order of the rows, and the profile is named by its digest.
  return withDuckDb(readingOptions(files, { threads: 1, ...options }), async (db) => {
    const relation = readParquet(files);
    const columns = (await db.describe(`SELECT * FROM ${relation}`)).map(({ name, type }) => ({
      name,
      type: columnType(type),
    }));
    const sql = columns.flatMap(({ name, type }) => aggregates(quoteName(name), type));
    const [[rows, ...values] = []] = await db.rows(`SELECT count(*)::DOUBLE, ${sql.join(', ')} FROM ${relation}`);
    const profiles: ColumnProfile[] = [];
    for (const [index, { name, type }] of columns.entries()) {
      const facts = values.slice(index * FACTS, (index + 1) * FACTS);
      const text = type === 'string' ? await frequentValues(db, relation, quoteName(name)) : {};
      profiles.push({ name, type, rows: Number(rows), ...numbers(facts), ...text });
    }
    return profiles;
  });
}

/** Aggregates of one column: nulls, distinct, min, max, mean, deviation. */
const FACTS = 6;
const MOST_FREQUENT = 10;

function aggregates(column: string, type: ColumnType): string[] {
  const none = 'NULL';
  if (type === 'string' || type === 'other')
    return [`count_if(${column} IS NULL)::DOUBLE`, none, none, none, none, none];
  const isTime = type === 'timestamp' || type === 'date';
  const number = isTime ? `epoch_ms(CAST(${column} AS TIMESTAMP))::DOUBLE` : `CAST(${column} AS DOUBLE)`;
  const counted = isTime ? `isfinite(${column})` : `isfinite(${number})`;
  const empty = type === 'number' ? `${column} IS NULL OR isnan(${number})` : `${column} IS NULL`;
  const over = (aggregate: string) => `${aggregate}(${number}) FILTER (${counted})`;
  return [
    `count_if(${empty})::DOUBLE`,
    `approx_count_distinct(${column})::DOUBLE`,
    over('min'),
    over('max'),
    over('avg'),
    over('stddev_samp'),
  ];
}

function numbers(facts: readonly SqlValue[]): Omit<ColumnProfile, 'name' | 'type' | 'rows'> {
  const [nulls, distinct, min, max, mean, deviation] = facts;
  return {
    nulls: Number(nulls),
    ...(typeof distinct === 'number' && { distinct }),
    ...(typeof min === 'number' && { min }),
    ...(typeof max === 'number' && { max }),
    ...(typeof mean === 'number' && { mean }),
    ...(typeof deviation === 'number' && { deviation }),
  };
}

async function frequentValues(
  db: Db,
  relation: string,
  column: string,
): Promise<Pick<ColumnProfile, 'distinct' | 'top'>> {
  const rows = await db.rows(
    `SELECT left(value, 200), times::DOUBLE, (count(*) OVER ())::DOUBLE FROM (
       SELECT CAST(${column} AS VARCHAR) AS value, count(*) AS times FROM ${relation} WHERE ${column} IS NOT NULL GROUP BY 1
     ) ORDER BY times DESC, value LIMIT ${MOST_FREQUENT}`,
  );
  return {
    distinct: Number(rows[0]?.[2] ?? 0),
    top: rows.map(([value, count]) => ({ value: String(value), count: Number(count) })),
  };
}
