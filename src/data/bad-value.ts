import type { Scalar, ValidValues } from '../domain/contract.js';
import { number } from './expectation.js';
import { isEmpty, type FoundColumn } from './found-column.js';
import { scalarListSql, scalarSql } from './scalar-sql.js';
import { quoteText } from './sql-text.js';

/** What is wrong with a value: SQL that is true for such rows, never for empty ones; and what is wanted instead. */
export interface BadValue {
  readonly bad: string;
  /** To stand behind "want": `at least 0`. */
  readonly want: string;
}

/**
 * The rows with values outside of `valid`. Of a column whose type cannot be asked such a thing every value is bad, and
 * what is wanted is another type.
 */
export function badValue(column: FoundColumn, valid: ValidValues): BadValue {
  const parts = [
    ...bounds(column, valid),
    ...(valid.values ? [listed(column, valid.values)] : []),
    ...texts(column, valid),
    ...(valid.multipleOf === undefined ? [] : [multiple(column, valid.multipleOf)]),
    ...(valid.finite && !isNumber(column) ? ['a number'] : []),
  ];
  // NaN counts as empty everywhere but here, where it is what is looked for.
  const finite = valid.finite && column.floating ? `(isnan(${column.value}) OR isinf(${column.value}))` : undefined;
  const misfit = parts.find((part) => typeof part === 'string');
  if (misfit !== undefined) return { bad: `NOT ${isEmpty(column)}`, want: misfit };
  const asked = parts.filter((part) => typeof part !== 'string');
  const want = [...asked.map((part) => part.want), ...(valid.finite ? ['a finite number'] : [])].join(' and ');
  const wrong = asked.map(({ bad }) => bad).join(' OR ');
  const filled =
    wrong === '' ? undefined : column.floating ? `(NOT isnan(${column.value}) AND (${wrong}))` : `(${wrong})`;
  const bad = [filled, finite].filter((each) => each !== undefined).join(' OR ');
  return { bad: bad === '' ? 'false' : bad, want };
}

/** True for rows that are empty, or hold one of the values that stand for nothing. */
export function emptyOr(column: FoundColumn, missing: readonly Scalar[]): string {
  // A value of another type is never there.
  const list = scalarListSql(
    missing.filter((value) => scalarSql(value, column.type) !== undefined),
    column.type,
  );
  if (missing.length === 0 || list === undefined || list === '[]') return isEmpty(column);
  return `(${isEmpty(column)} OR coalesce(list_contains(${list}, ${column.value}), false))`;
}

/** A text says what the column should be, of one that cannot be asked. */
type Part = BadValue | string;

function bounds(column: FoundColumn, valid: ValidValues): Part[] {
  const asked: readonly [keyof ValidValues, string, string][] = [
    ['min', '<', 'at least'],
    ['exclusiveMin', '<=', 'more than'],
    ['max', '>', 'at most'],
    ['exclusiveMax', '>=', 'less than'],
  ];
  return asked.flatMap(([key, sign, words]): Part[] => {
    const bound = valid[key] as string | number | undefined;
    if (bound === undefined) return [];
    const literal = column.type === 'boolean' ? undefined : scalarSql(bound, column.type);
    if (literal === undefined) return [typeof bound === 'number' ? 'a number' : 'text or a time'];
    const shown = typeof bound === 'number' ? number(bound) : bound;
    return [{ bad: `${column.value} ${sign} ${literal}`, want: `${words} ${shown}` }];
  });
}

/** To compare with each value is cheapest as far as this; then comes a look-up, whose price is the same for any number. */
const FEW_VALUES = 200;

function listed(column: FoundColumn, values: readonly Scalar[]): Part {
  const list = scalarListSql(values, column.type);
  if (list === undefined) return `a column of such values as ${JSON.stringify(values[0])}`;
  const want = values.length > 8 ? `one of ${values.length} values` : `one of ${values.join(', ')}`;
  if (column.type === 'string' && values.length > FEW_VALUES) {
    const known = `ENUM(${[...new Set(values.map(String))].map(quoteText).join(', ')})`;
    return { bad: `(${column.value} IS NOT NULL AND TRY_CAST(${column.value} AS ${known}) IS NULL)`, want };
  }
  // An IN of more than a few becomes a join, through which all columns of the pass would go.
  return { bad: `NOT list_contains(${list}, ${column.value})`, want };
}

function texts({ type, value }: FoundColumn, { pattern, minLength, maxLength }: ValidValues): Part[] {
  if (pattern === undefined && minLength === undefined && maxLength === undefined) return [];
  if (type !== 'string') return ['text'];
  const parts: Part[] = [];
  if (pattern !== undefined) {
    const shown = pattern.length > 60 ? `${pattern.slice(0, 60)}...` : pattern;
    parts.push({ bad: `NOT regexp_full_match(${value}, ${quoteText(pattern)})`, want: `text like ${shown}` });
  }
  if (minLength !== undefined) {
    parts.push({ bad: `length(${value}) < ${Math.ceil(minLength)}`, want: `at least ${minLength} characters` });
  }
  if (maxLength !== undefined) {
    parts.push({ bad: `length(${value}) > ${Math.floor(maxLength)}`, want: `at most ${maxLength} characters` });
  }
  return parts;
}

function isNumber({ type }: FoundColumn): boolean {
  return type === 'integer' || type === 'number';
}

function multiple(column: FoundColumn, of: number): Part {
  if (!isNumber(column)) return 'a number';
  const { type, value } = column;
  const want = `a multiple of ${number(of)}`;
  if (type === 'integer' && Number.isSafeInteger(of)) return { bad: `${value} % ${of} <> 0`, want };
  // 0.3 is no multiple of 0.1 to the last bit, and infinity of nothing.
  const times = `(CAST(${value} AS DOUBLE) / ${of})`;
  return {
    bad: `(isinf(${times}) OR abs(${times} - round(${times})) > 1e-9 * greatest(1, abs(${times})))`,
    want,
  };
}
