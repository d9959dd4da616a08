import type { ColumnType } from '../domain/data.js';
import type { ContractColumn } from '../domain/contract.js';
import { STORED_TYPE } from './column-type.js';
import type { FoundColumn } from './found-column.js';

/**
 * How a column is of another type than its contract says. `rows`: all values could be of the wanted type, but those of
 * which the SQL is true are not. `all`: no value is, as far as there is one; of text, the SQL says which cannot be read
 * as one.
 */
export type WrongType =
  { readonly kind: 'rows'; readonly bad: string } | { readonly kind: 'all'; readonly bad?: string };

/**
 * A whole number is a number, and a number that is whole and below 2^53 an integer; 1 and 0 are booleans; a date is a
 * timestamp, and a timestamp at midnight a date. Text is only ever text. Undefined: the type is right whatever the values.
 */
export function wrongType(column: FoundColumn, wanted: ContractColumn['type']): WrongType | undefined {
  const { type: found, value } = column;
  if (wanted === undefined || found === wanted || FITS[wanted]?.includes(found)) return undefined;
  const bad = MISFIT[wanted]?.[found]?.(column);
  if (bad !== undefined) return { kind: 'rows', bad };
  if (found !== 'string') return { kind: 'all' };
  return { kind: 'all', bad: `(${value} IS NOT NULL AND TRY_CAST(${value} AS ${STORED_TYPE[wanted]}) IS NULL)` };
}

/** Types that are taken for another as they are. */
const FITS: Partial<Record<ColumnType, readonly ColumnType[]>> = { number: ['integer'], timestamp: ['date'] };

/** Types that are taken for another when no value contradicts: SQL that is true for a value that does. */
const MISFIT: Partial<Record<ColumnType, Partial<Record<ColumnType, (column: FoundColumn) => string>>>> = {
  integer: {
    number: ({ value, floating }) => {
      // Beyond 2^53 neighbouring whole numbers are the same DOUBLE.
      const broken = `(${value} <> floor(${value}) OR abs(${value}) > 9007199254740991)`;
      return floating ? `(NOT isnan(${value}) AND (isinf(${value}) OR ${broken}))` : broken;
    },
  },
  boolean: {
    integer: ({ value }) => `${value} NOT IN (0, 1)`,
    number: ({ value, floating }) =>
      floating ? `(NOT isnan(${value}) AND ${value} NOT IN (0, 1))` : `${value} NOT IN (0, 1)`,
  },
  date: { timestamp: ({ value }) => `${value} <> date_trunc('day', ${value})` },
};
