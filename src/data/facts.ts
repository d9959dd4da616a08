import type { Db, SqlValue } from './duckdb.js';

/**
 * An aggregate expression, or a scalar subquery over the relation that is asked: the way to group by the values of a
 * column, which DuckDB does by the dictionary of a Parquet file, at a tenth of the cost of aggregates over all rows.
 */
export type FactSql = string | ((relation: string) => string);

/** Facts about a table: expressions, and what their values mean. Facts of any number share one pass. */
export interface Facts<T> {
  readonly sql: readonly FactSql[];
  /** Gets the values of `sql`, in its order. */
  read(values: readonly SqlValue[]): T;
}

/** Aggregates of one statement: with more, planning it and holding their states costs more than another statement. */
const MOST_AT_ONCE = 1000;
/** Subqueries of one statement, which DuckDB joins: the time to plan them grows with the square of their number. */
const MOST_SUBQUERIES = 16;

/**
 * Asks for all facts in one pass over a relation (a table's name, `read_parquet(...)`, a query in brackets). Facts of
 * another kind go beside each other with {@link allOf}: `onePass(db, table, [allOf(profile), allOf(rules)])`. Subqueries
 * and very wide tables take more statements, each over its own columns.
 */
export async function onePass<T extends readonly unknown[]>(
  db: Db,
  relation: string,
  facts: { readonly [K in keyof T]: Facts<T[K]> },
): Promise<T> {
  const sql = facts.flatMap((each) => each.sql);
  const aggregates = sql.filter((each) => typeof each === 'string');
  const subqueries = sql.filter((each) => typeof each !== 'string').map((each) => each(relation));
  const found = {
    aggregates: await ask(db, aggregates, MOST_AT_ONCE, ` FROM ${relation}`),
    subqueries: await ask(db, subqueries, MOST_SUBQUERIES, ''),
  };
  const next = { aggregates: 0, subqueries: 0 };
  const values = sql.map((each) => {
    const kind = typeof each === 'string' ? 'aggregates' : 'subqueries';
    return found[kind][next[kind]++] ?? null;
  });
  // Each place holds what its own facts have read, in the order in which they were given.
  return readEach(facts, values) as unknown as T;
}

async function ask(db: Db, sql: readonly string[], atOnce: number, from: string): Promise<SqlValue[]> {
  const values: SqlValue[] = [];
  for (let at = 0; at < sql.length; at += atOnce) {
    const [row = []] = await db.rows(`SELECT ${sql.slice(at, at + atOnce).join(', ')}${from}`);
    values.push(...row);
  }
  return values;
}

/** Facts of one kind as one fact: a list. */
export function allOf<T>(facts: readonly Facts<T>[]): Facts<T[]> {
  return { sql: facts.flatMap((each) => each.sql), read: (values) => readEach(facts, values) };
}

function readEach<T>(facts: readonly Facts<T>[], values: readonly SqlValue[]): T[] {
  let at = 0;
  return facts.map((each) => each.read(values.slice(at, (at += each.sql.length))));
}
