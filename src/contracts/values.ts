import type { ContractColumn, Scalar } from '../domain/contract.js';

type Type = ContractColumn['type'];

/** What is wanted of a bound (`min`, `max`) on a column of this type; undefined when the bound will do. */
export function boundProblem(type: NonNullable<Type>, value: unknown): string | undefined {
  switch (type) {
    case 'boolean':
      return 'no bounds on a boolean column';
    case 'integer':
    case 'number':
      return typeof value === 'number' ? undefined : `a number, as the column is of type ${type}`;
    case 'string':
      return typeof value === 'string' ? undefined : 'text, as the column is of type string';
    case 'timestamp':
    case 'date':
      return isIsoTime(value) ? undefined : `ISO time as text, such as "2026-01-31", as the column is of type ${type}`;
  }
}

/** What is wanted of one of the values that a column of this type may have; undefined when it will do. */
export function valueProblem(type: NonNullable<Type>, value: Scalar): string | undefined {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false, as the column is of type boolean';
    case 'integer':
      return Number.isInteger(value) ? undefined : 'a whole number, as the column is of type integer';
    case 'number':
      return typeof value === 'number' ? undefined : 'a number, as the column is of type number';
    case 'string':
      return typeof value === 'string' ? undefined : 'text (in quotes), as the column is of type string';
    case 'timestamp':
    case 'date':
      return isIsoTime(value) ? undefined : `ISO time as text, as the column is of type ${type}`;
  }
}

/** Whether a lower bound stands over an upper bound; both fit the type. */
export function isOver(type: NonNullable<Type>, min: number | string, max: number | string): boolean {
  return comparable(type, min) > comparable(type, max);
}

function isIsoTime(value: unknown): boolean {
  const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
  return typeof value === 'string' && iso.test(value) && Number.isFinite(Date.parse(value.replace(' ', 'T')));
}

function comparable(type: NonNullable<Type>, value: number | string): number | string {
  const isTime = type === 'timestamp' || type === 'date';
  return isTime && typeof value === 'string' ? Date.parse(value.replace(' ', 'T')) : value;
}
