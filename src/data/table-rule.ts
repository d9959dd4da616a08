import type { Check } from '../domain/contract.js';
import type { Db } from './duckdb.js';
import { isKept, number, percent, wantedWords } from './expectation.js';
import type { FoundColumn } from './found-column.js';
import { sqlNumber } from './sql-check.js';
import { withoutRows, type Finding } from './structure.js';

/**
 * What a rule on a whole table finds: how many rows it has, how many different values, the number that SQL gives.
 * Undefined when the rule is kept, is about single rows or about age, or its column is not there.
 *
 * @throws {CheckFailedError} for SQL that cannot be run.
 */
export async function tableFinding(
  db: Db,
  relation: string,
  check: Check,
  table: { readonly rows: number; readonly columns: readonly FoundColumn[] },
): Promise<Finding | undefined> {
  const { id, measure, expect, unit, description } = check;
  const finding = (column: string, found: number, message: string): Finding | undefined =>
    isKept(expect, found) ? undefined : { column, check: id, severity: withoutRows(check.severity), message };
  switch (measure.kind) {
    case 'rowCount': {
      const words = wantedWords(expect, number);
      return finding('', table.rows, `found ${number(table.rows)} ${table.rows === 1 ? 'row' : 'rows'}, want ${words}`);
    }
    case 'distinct': {
      const column = table.columns.find(({ name }) => name === measure.column);
      if (!column) return undefined;
      const [[count] = []] = await db.rows(`SELECT count(DISTINCT ${column.value})::DOUBLE FROM ${relation}`);
      const isShare = unit === 'percent';
      const found = isShare ? (Number(count) * 100) / Math.max(1, table.rows) : Number(count);
      const shown = isShare
        ? `${percent(found)} of the rows with a different value`
        : `${number(found)} different values`;
      const words = wantedWords(expect, isShare ? percent : number);
      return finding(column.name, found, `column "${column.name}": found ${shown}, want ${words}`);
    }
    case 'sql': {
      const found = await sqlNumber(db, id, measure.query);
      const shown = Number.isNaN(found) ? 'found no number' : `found ${number(found)}`;
      const why = description === undefined ? '' : ` (${description.replaceAll(/\s+/g, ' ').slice(0, 200)})`;
      return finding('', found, `rule "${id}": ${shown}, want ${wantedWords(expect, number)}${why}`);
    }
    case 'nulls':
    case 'invalid':
    case 'duplicates':
    case 'age':
      return undefined;
  }
}
