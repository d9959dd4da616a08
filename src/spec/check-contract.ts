import { boundProblem, isOver, valueProblem } from '../contracts/values.js';
import type { Loose, SpecParts } from './parts.js';
import { wantOneOf } from './issues.js';
import { described, quoted, type SpecIssue, type SpecPath } from './path.js';
import type { ColumnRule } from './spec.js';

/** Contracts: of sources that exist, with rules that a value can keep. */
export function checkContract({ sources, contract, prepare, split }: SpecParts): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const known = Object.keys(sources ?? {});
  // Fixed test rows are no part of what the training table is made of.
  const learned = known.filter((name) => split?.by !== 'fixed' || name !== split.source);
  if (learned.length > 1 && prepare === undefined) {
    const message = `found ${learned.length} sources and no prepare, want an SQL file that makes one training table of them`;
    issues.push({ path: ['sources'], message, at: 'key' });
  }
  // What a contract file says is checked when it is read.
  for (const [name, table] of Object.entries(typeof contract === 'object' ? contract : {})) {
    const path = ['contract', name];
    // With a prepare there is a table more: what it makes of the sources.
    const tables = prepare === undefined ? known : [...known, 'training'];
    if (sources && !tables.includes(name)) {
      issues.push({ path, message: `found no source ${quoted(name)}, ${wantOneOf(name, tables)}`, at: 'key' });
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
  const { min, max } = rule;
  if (issues.length === 0 && min !== undefined && max !== undefined && isOver(type, min, max)) {
    issues.push(swapped(path, min, max));
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
