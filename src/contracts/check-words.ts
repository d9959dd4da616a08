import type { Check, CheckMeasure, Expectation, ValidValues } from '../domain/contract.js';

/** A check in one line: what is counted and what the count must be, or in short that no row may break it. */
export function checkWords({ measure, expect, unit }: Pick<Check, 'measure' | 'expect' | 'unit'>): string {
  if (expect.operator === 'mustBe' && expect.value === 0) {
    if (measure.kind === 'nulls') return `never empty${measure.missing ? ` or ${listed(measure.missing)}` : ''}`;
    if (measure.kind === 'invalid') return `every value ${validWords(measure.valid)}`;
    if (measure.kind === 'duplicates') return `no ${listed(measure.columns)} twice`;
  }
  return `${measureWords(measure)} ${expectWords(expect)}${unit === 'percent' ? ' %' : ''}`;
}

function measureWords(measure: CheckMeasure): string {
  switch (measure.kind) {
    case 'nulls':
      return measure.missing ? `rows empty or ${listed(measure.missing)}` : 'empty rows';
    case 'invalid':
      return `rows not ${validWords(measure.valid)}`;
    case 'duplicates':
      return `rows with ${listed(measure.columns)} again`;
    case 'rowCount':
      return 'rows';
    case 'distinct':
      return 'different values';
    case 'sql':
      return `answer of "${short(measure.query.replaceAll(/\s+/g, ' '))}"`;
    case 'age':
      return 'seconds since the newest';
  }
}

function validWords(valid: ValidValues): string {
  const { min, max, exclusiveMin, exclusiveMax, values, pattern, minLength, maxLength, multipleOf, finite } = valid;
  return [
    min === undefined ? [] : `at least ${min}`,
    max === undefined ? [] : `at most ${max}`,
    exclusiveMin === undefined ? [] : `over ${exclusiveMin}`,
    exclusiveMax === undefined ? [] : `under ${exclusiveMax}`,
    values === undefined ? [] : `one of ${listed(values)}`,
    pattern === undefined ? [] : `like ${short(pattern)}`,
    minLength === undefined ? [] : `at least ${minLength} long`,
    maxLength === undefined ? [] : `at most ${maxLength} long`,
    multipleOf === undefined ? [] : `a multiple of ${multipleOf}`,
    finite === undefined ? [] : 'finite',
  ]
    .flat()
    .join(' and ');
}

function expectWords({ operator, value }: Expectation): string {
  const sign = SIGNS[operator];
  return typeof value === 'number' ? `${sign} ${value}` : `${sign} ${value.join(' to ')}`;
}

const SIGNS: Readonly<Record<Expectation['operator'], string>> = {
  mustBe: '=',
  mustNotBe: '<>',
  mustBeGreaterThan: '>',
  mustBeGreaterOrEqualTo: '>=',
  mustBeLessThan: '<',
  mustBeLessOrEqualTo: '<=',
  mustBeBetween: 'within',
  mustNotBeBetween: 'outside of',
};

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, 8).map((value) => (value === '' ? '""' : String(value)));
  return `${shown.join(', ')}${values.length > 8 ? ` and ${values.length - 8} more` : ''}`;
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
