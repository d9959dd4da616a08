import type { Loose, SpecParts } from './spec-parts.js';
import { wantOneOf } from './spec-issues.js';
import { described, quoted, type SpecIssue, type SpecPath } from './spec-path.js';
import type { ColumnRule } from './spec.js';

/** Contracts: of sources that exist, with rules that a value can keep. */
export function checkContract({ sources, contract, prepare }: SpecParts): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const known = Object.keys(sources ?? {});
  if (known.length > 1 && prepare === undefined) {
    const message = `found ${known.length} sources and no prepare, want an SQL file that makes one training table of them`;
    issues.push({ path: ['sources'], message, at: 'key' });
  }
  for (const [name, table] of Object.entries(contract ?? {})) {
    const path = ['contract', name];
    if (sources && !known.includes(name)) {
      issues.push({ path, message: `found no source ${quoted(name)}, ${wantOneOf(name, known)}`, at: 'key' });
    }
    const { min, max } = table?.rows ?? {};
    if (min !== undefined && max !== undefined && min > max) issues.push(swapped([...path, 'rows'], min, max));
    const columns = table?.columns ?? {};
    issues.push(...doubledNames(Object.keys(columns), (column) => [...path, 'columns', column]));
    for (const [column, rule] of Object.entries(columns)) {
      issues.push(...checkRule([...path, 'columns', column], rule));
    }
  }
  return issues;
}

/** Names that are equal but for case: the data engine cannot keep such columns apart. */
export function doubledNames(
  names: readonly (string | undefined)[],
  place: (name: string, index: number) => SpecPath,
): SpecIssue[] {
  const seen = new Map<string, string>();
  return names.flatMap((name, index) => {
    if (name === undefined) return [];
    const first = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), first ?? name);
    if (first === undefined) return [];
    const again = first === name ? 'a second time' : `beside ${quoted(first)}, which differs in case only`;
    return [{ path: place(name, index), message: `found ${quoted(name)} ${again}, want each name once` }];
  });
}

/** A lower bound over an upper bound. */
export function swapped(path: SpecPath, min: number | string, max: number | string): SpecIssue {
  return { path, message: `found min ${described(min)} over max ${described(max)}, want min at most max` };
}

function checkRule(path: SpecPath, rule: Loose<ColumnRule>): SpecIssue[] {
  const type = rule?.type;
  if (!rule || !type) return [];
  const issues: SpecIssue[] = [];
  for (const bound of ['min', 'max'] as const) {
    const value = rule[bound];
    const want = value === undefined ? undefined : boundProblem(type, value);
    if (want) issues.push({ path: [...path, bound], message: `found ${described(value)}, want ${want}` });
  }
  if (issues.length === 0 && rule.min !== undefined && rule.max !== undefined) {
    const [min, max] = [comparable(type, rule.min), comparable(type, rule.max)];
    if (min > max) issues.push(swapped(path, rule.min, rule.max));
  }
  for (const [index, value] of (rule.values ?? []).entries()) {
    if (value === undefined) continue;
    const want = valueProblem(type, value);
    if (want) issues.push({ path: [...path, 'values', index], message: `found ${described(value)}, want ${want}` });
    else if (rule.values?.indexOf(value) !== index) {
      issues.push({
        path: [...path, 'values', index],
        message: `found ${described(value)} a second time, want it once`,
      });
    }
  }
  return issues;
}

function boundProblem(type: ColumnRule['type'], value: number | string): string | undefined {
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

function valueProblem(type: ColumnRule['type'], value: string | number | boolean): string | undefined {
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

function isIsoTime(value: unknown): boolean {
  const iso = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
  return typeof value === 'string' && iso.test(value) && Number.isFinite(Date.parse(value.replace(' ', 'T')));
}

function comparable(type: ColumnRule['type'], value: number | string): number | string {
  const isTime = type === 'timestamp' || type === 'date';
  return isTime && typeof value === 'string' ? Date.parse(value.replace(' ', 'T')) : value;
}
