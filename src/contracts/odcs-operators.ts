import type { Expectation } from '../domain/contract.js';
import { described, type SpecPath } from '../spec/path.js';
import type { OdcsFindings } from './odcs.js';

/** All operators of the standard. */
export const OPERATORS = [
  'mustBe',
  'mustNotBe',
  'mustBeGreaterThan',
  'mustBeGreaterOrEqualTo',
  'mustBeLessThan',
  'mustBeLessOrEqualTo',
  'mustBeBetween',
  'mustNotBeBetween',
] as const satisfies readonly Expectation['operator'][];

/** The operator of a rule with its number. True and false stand for 1 and 0, as a query may answer with either. */
export function expectationOf(
  rule: Readonly<Record<string, unknown>>,
  path: SpecPath,
  findings: OdcsFindings,
): Expectation | undefined {
  const [operator, ...others] = OPERATORS.filter((each) => Object.hasOwn(rule, each));
  if (operator === undefined || others.length > 0) {
    const found = operator === undefined ? 'no operator' : `the operators ${[operator, ...others].join(' and ')}`;
    findings.problem(path, `found ${found}, want one of ${OPERATORS.join(', ')}`);
    return undefined;
  }
  const value = rule[operator];
  if (operator === 'mustBeBetween' || operator === 'mustNotBeBetween') {
    const [low, high, ...more] = Array.isArray(value) ? (value as unknown[]) : [];
    if (typeof low === 'number' && typeof high === 'number' && low <= high && more.length === 0) {
      return { operator, value: [low, high] };
    }
    findings.problem([...path, operator], `found ${described(value)}, want two numbers, the smaller first`);
    return undefined;
  }
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (typeof number === 'number') return { operator, value: number };
  findings.problem([...path, operator], `found ${described(value)}, want a number`);
  return undefined;
}
