import type { ColumnType } from '../domain/data.js';
import type { Scalar } from '../domain/contract.js';
import { quoteText } from './sql-text.js';

/**
 * A value of a contract as an SQL literal that compares with columns of this type; undefined when it cannot be compared
 * with them. True and false are 1 and 0 to numbers, and the other way round.
 */
export function scalarSql(value: Scalar, type: ColumnType): string | undefined {
  switch (type) {
    case 'integer':
    case 'number':
      return numberSql(typeof value === 'boolean' ? Number(value) : value);
    case 'boolean':
      return BOOLEANS.get(value);
    case 'string':
      return quoteText(String(value));
    case 'timestamp':
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value.replace(' ', 'T')))
        ? `CAST(CAST(${quoteText(value)} AS TIMESTAMPTZ) AS TIMESTAMP)`
        : undefined;
    case 'other':
      return undefined;
  }
}

/** Several values, as a list; undefined when one of them cannot be compared. */
export function scalarListSql(values: readonly Scalar[], type: ColumnType): string | undefined {
  const list: string[] = [];
  for (const value of values) {
    const sql = scalarSql(value, type);
    if (sql === undefined) return undefined;
    list.push(sql);
  }
  return `[${list.join(', ')}]`;
}

const BOOLEANS = new Map<Scalar, string>([
  [true, 'true'],
  [1, 'true'],
  ['true', 'true'],
  [false, 'false'],
  [0, 'false'],
  ['false', 'false'],
]);

function numberSql(value: string | number): string | undefined {
  if (typeof value === 'string') return undefined;
  return Number.isSafeInteger(value) ? `(${value})` : `CAST('${value}' AS DOUBLE)`;
}
