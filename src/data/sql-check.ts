import { CheckFailedError } from '../errors.js';
import type { Db } from './duckdb.js';
import { firstWord, maySelect, SELECT } from './one-select.js';
import { QueryError } from './query-error.js';
import { quoteName } from './sql-text.js';

/**
 * The number that the SQL of a rule gives: one SELECT with one column and one row. True and false are 1 and 0; without a
 * value (an average of nothing) it is NaN, which no rule allows. It sees what the job's jail lets it see: the tables that
 * were made for it, no other file and no network.
 *
 * @throws {CheckFailedError} naming the rule, for SQL that is no such SELECT or cannot be run.
 */
export async function sqlNumber(db: Db, check: string, query: string): Promise<number> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new CheckFailedError(`Cannot check the rule "${check}" with its SQL: ${what}`, {
      fix: 'Correct the query in the contract: one SELECT over the table that gives one number. Then apply the spec.',
      details: { check },
      cause,
    });
  };
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof QueryError) || error.kind === 'Out of Memory') throw error;
      const line = error.position ? `line ${error.position.line}: ` : '';
      return refuse(`${line}${error.summary}`, error);
    }
  };
  const word = firstWord(query)?.toLowerCase() ?? '';
  if (!maySelect(word)) refuse(`found a statement that begins with "${word.slice(0, 40)}", want one SELECT`);
  const { count, type } = await step(() => db.statements(query));
  if (count !== 1 || type !== SELECT) refuse(`found ${count} statements, want one SELECT`);
  const columns = await step(() => db.describe(query));
  const [column] = columns;
  if (!column || columns.length > 1) refuse(`found ${columns.length} columns, want one number`);
  // A view, because text that ends in a comment or a semicolon cannot stand in brackets.
  const view = quoteName('\u0001check');
  await step(() => db.run(`CREATE OR REPLACE TEMP VIEW ${view} AS ${query}`));
  const value = quoteName(column?.name ?? '');
  const rows = await step(() => db.rows(`SELECT CAST(${value} AS DOUBLE) FROM ${view} LIMIT 2`));
  if (rows.length > 1) refuse('found more than one row, want one number');
  const [found = null] = rows[0] ?? [];
  return found === null ? Number.NaN : Number(found);
}
