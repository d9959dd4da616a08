import type { Column } from '../../domain/data.js';
import { columnNamed } from '../prepared-table.js';
import { mismatch } from '../prepare-error.js';
import { quoteName } from '../sql-text.js';

/** The column of `training` with the position of a row: UBIGINT, uniform over its whole range. */
export const POSITION = quoteName('\u0001position');

/**
 * SQL for the position of a row by the values of its key columns. Rows with the same values have the same position, for
 * ever and on every machine: it is the first eight bytes of the MD5 of the values as text, least significant byte first.
 * It depends on nothing else: not on other rows, not on the seed, not on the version of DuckDB (whose own `hash` may
 * change).
 *
 * @throws {PrepareFailedError} for a key column that the table does not have, or that is the label
 */
export function positionSql(columns: readonly Column[], keys: readonly string[], label: string): string {
  const texts = keys.map((name) => {
    const column = columnNamed(columns, name, 'key of the split');
    if (name === label) throw mismatch(`the split goes by "${name}", which is the label`, name);
    const text = valueText(column);
    // With its length before it, so that ('a', 'bc') is not ('ab', 'c'), and null is no text.
    return `coalesce(length(${text}) || ':' || ${text}, '-')`;
  });
  return `md5_number_upper('perennial 1 ' || ${texts.join(' || ')})`;
}

/** SQL for the first position beyond a share of all. Positions and shares are split so fine that nobody can tell. */
export function positionOf(share: number): string {
  return `${BigInt(Math.round(share * 2 ** 53)) << 11n}::HUGEINT`;
}

/** A value as text, the same text when its column has become one of another type that holds the same value. */
function valueText({ name, type }: Column): string {
  const value = quoteName(name);
  switch (type) {
    case 'string':
      return value;
    case 'number':
      return `CASE WHEN ${value} = trunc(${value}) AND abs(${value}) < 1e15
        THEN CAST(CAST(${value} AS BIGINT) AS VARCHAR) ELSE CAST(${value} AS VARCHAR) END`;
    case 'date':
      return `CAST(CAST(${value} AS TIMESTAMP) AS VARCHAR)`;
    case 'integer':
    case 'boolean':
    case 'timestamp':
    case 'other':
      return `CAST(${value} AS VARCHAR)`;
  }
}
