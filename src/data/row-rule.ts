import type { Check, CheckMeasure, ContractColumn, ContractTable, Expectation, Severity } from '../domain/contract.js';
import { badValue, emptyOr } from './bad-value.js';
import { ofRows, percent, wantedWords } from './expectation.js';
import type { FoundColumn } from './found-column.js';
import { wrongType } from './wrong-type.js';

/** A rule that single rows break. */
export interface RowRule {
  /** Id of the check. */
  readonly check: string;
  readonly column: string;
  readonly severity: Severity;
  readonly expect: Expectation;
  readonly unit: Check['unit'];
  /** SQL that is true for a bad row; or the columns of which no combination of values may come again. */
  readonly bad: string | { readonly again: readonly FoundColumn[] };
  /**
   * Gives the value of one bad row as text: an aggregate over all rows, of repeated values an expression over one. Absent
   * when nobody may see it.
   */
  readonly example?: { readonly sql: string; readonly quoted: boolean };
  /** The finding in one sentence. */
  say(facts: { readonly count: number; readonly rows: number; readonly example?: string }): string;
}

/**
 * The rules on rows that a contract has for these columns: types, and checks that count rows. A column that is not there
 * has none: that it is missing is a finding of its own. Of a column of another type only the empty rows are counted.
 */
export function rowRules(contract: ContractTable, columns: readonly FoundColumn[]): RowRule[] {
  const found = new Map(columns.map((column) => [column.name, column]));
  const sensitive = new Set(
    contract.columns.filter(({ roles }) => roles.includes('sensitive')).map(({ name }) => name),
  );
  const rules: RowRule[] = [];
  const otherwise = new Set<string>();
  for (const declared of contract.columns) {
    const column = found.get(declared.name);
    const wrong = column && wrongType(column, declared.type);
    if (!column || !wrong) continue;
    if (wrong.kind === 'all') otherwise.add(column.name);
    rules.push(typeRule(declared, column, wrong));
  }
  for (const check of contract.checks) {
    const { measure } = check;
    const names = 'columns' in measure ? measure.columns : 'column' in measure ? [measure.column] : [];
    const there = names.flatMap((name) => found.get(name) ?? []);
    if (there.length < names.length) continue;
    const rule = ruleOf(check, measure, there, otherwise);
    if (rule) rules.push(rule);
  }
  return rules.map(({ example, ...rule }) => {
    const names = typeof rule.bad === 'string' ? [rule.column] : rule.bad.again.map(({ name }) => name);
    return example === undefined || names.some((name) => sensitive.has(name)) ? rule : { ...rule, example };
  });
}

function ruleOf(
  check: Check,
  measure: CheckMeasure,
  columns: readonly FoundColumn[],
  otherwise: ReadonlySet<string>,
): RowRule | undefined {
  const [column] = columns;
  if (!column) return undefined;
  const { id, severity, expect, unit } = check;
  const base = { check: id, column: column.name, severity, expect, unit };
  const where = `column "${column.name}"`;
  const isNone = expect.operator === 'mustBe' && expect.value === 0;
  const want = isNone ? 'none' : wantedWords(expect, unit === 'percent' ? percent : undefined);
  const tolerance = isNone ? '' : `, want ${want}`;
  switch (measure.kind) {
    case 'nulls':
      return {
        ...base,
        bad: emptyOr(column, measure.missing ?? []),
        say: ({ count, rows }) => `${where}: found it empty in ${ofRows(count, rows)}, want ${want}`,
      };
    case 'invalid': {
      // Bounds and values of another type mean nothing.
      if (otherwise.has(column.name)) return undefined;
      const { bad, want: value } = badValue(column, measure.valid);
      const keys = Object.keys(measure.valid);
      const extreme = keys.every((key) => key === 'max' || key === 'exclusiveMax') ? 'max' : 'min';
      return {
        ...base,
        bad,
        example: exampleOf(column, bad, extreme),
        say: ({ count, rows, example }) => {
          const found = example === undefined ? 'found other values' : `found ${example}`;
          return `${where}: ${found}, want ${value}; ${ofRows(count, rows)} break this${tolerance}`;
        },
      };
    }
    case 'duplicates': {
      const all = columns.length === 1 ? where : `columns ${columns.map(({ name }) => `"${name}"`).join(', ')}`;
      return {
        ...base,
        column: columns.length === 1 ? column.name : '',
        bad: { again: columns },
        example: {
          sql: columns.map(({ value }) => `CAST(${value} AS VARCHAR)`).join(` || ', ' || `),
          quoted: columns.length === 1 && column.type === 'string',
        },
        say: ({ count, rows, example }) => {
          const found = example === undefined ? 'found values' : `found ${example}`;
          return `${all}: ${found} more than once; ${ofRows(count, rows)} repeat an earlier one${tolerance}`;
        },
      };
    }
    case 'rowCount':
    case 'distinct':
    case 'sql':
    case 'age':
      return undefined;
  }
}

/** Whatever the expectation: a value of another type is never wanted. */
const NONE = { expect: { operator: 'mustBe', value: 0 }, unit: 'rows' } as const;

function typeRule(
  declared: ContractColumn,
  column: FoundColumn,
  wrong: NonNullable<ReturnType<typeof wrongType>>,
): RowRule {
  const { name, type } = column;
  const base = { check: `${name}/type`, column: name, ...NONE };
  const wanted = `want ${declared.type}`;
  if (wrong.kind === 'rows') {
    return {
      ...base,
      severity: declared.severity,
      bad: wrong.bad,
      example: exampleOf(column, wrong.bad, 'min'),
      say: ({ count, rows, example = 'other values' }) =>
        `column "${name}": found ${example} in ${ofRows(count, rows)}, ${wanted}`,
    };
  }
  return {
    ...base,
    // Without some of its rows the column would still be of another type.
    severity: declared.severity === 'quarantine' ? 'block' : declared.severity,
    bad: `${column.value} IS NOT NULL`,
    ...(wrong.bad !== undefined && { example: exampleOf(column, wrong.bad, 'min') }),
    say: ({ example }) => {
      const why = example === undefined ? '' : ` (${example} and the like)`;
      return `column "${name}": found ${type}${why}, ${wanted}`;
    },
  };
}

function exampleOf({ value, type }: FoundColumn, bad: string, extreme: 'min' | 'max'): NonNullable<RowRule['example']> {
  return { sql: `CAST(${extreme}(${value}) FILTER (${bad}) AS VARCHAR)`, quoted: type === 'string' };
}
