import type { Check, Contract, ContractTable, Expectation, ValidValues } from '../domain/contract.js';
import type { ColumnRule, InlineContract, TableContract } from '../spec/spec.js';

/** The short rules of a spec as a contract. Everything blocks: shares of bad rows that are no alarm are in the rules. */
export function inlineContract(rules: InlineContract): Contract {
  return { tables: Object.fromEntries(Object.entries(rules).map(([name, table]) => [name, inlineTable(table)])) };
}

function inlineTable({ columns, otherColumns, rows }: TableContract): ContractTable {
  const rules = Object.entries(columns);
  return {
    columns: rules.map(([name, { type, required }]) => ({ name, type, required, roles: [], severity: 'block' })),
    ...(otherColumns === 'refuse' ? { otherColumns: 'block' } : {}),
    checks: [rowCheck(rows), ...rules.flatMap(([name, rule]) => columnChecks(name, rule))],
  };
}

function rowCheck({ min, max }: TableContract['rows']): Check {
  // The only id without a slash: a column may be named `rows`.
  const check = { id: 'rows', measure: { kind: 'rowCount' }, unit: 'rows', severity: 'block' } as const;
  if (max === undefined) return { ...check, expect: { operator: 'mustBeGreaterOrEqualTo', value: min } };
  return { ...check, expect: { operator: 'mustBeBetween', value: [min, max] } };
}

function columnChecks(column: string, rule: ColumnRule): Check[] {
  const checks: Check[] = [];
  if (rule.maxNullShare < 1) {
    const measure = { kind: 'nulls', column } as const;
    checks.push({ id: `${column}/nulls`, measure, ...atMost(rule.maxNullShare), severity: 'block' });
  }
  const add = (name: string, valid: ValidValues) => {
    const measure = { kind: 'invalid', column, valid } as const;
    checks.push({ id: `${column}/${name}`, measure, ...atMost(rule.maxBadShare), severity: 'block' });
  };
  if (rule.min !== undefined) add('min', { min: rule.min });
  if (rule.max !== undefined) add('max', { max: rule.max });
  if (rule.values) add('values', { values: rule.values });
  return checks;
}

/** At most this share of the rows; none at all is said in rows, which reads better than 0 %. */
function atMost(share: number): { expect: Expectation; unit: Check['unit'] } {
  if (share === 0) return { expect: { operator: 'mustBe', value: 0 }, unit: 'rows' };
  // 0.07 * 100 is a little more than 7.
  const percent = Number((share * 100).toPrecision(12));
  return { expect: { operator: 'mustBeLessOrEqualTo', value: percent }, unit: 'percent' };
}
