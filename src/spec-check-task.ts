import { doubledNames } from './spec-check-contract.js';
import type { Loose, SpecParts } from './spec-parts.js';
import { wantOneOf } from './spec-issues.js';
import { quoted, type SpecIssue, type SpecPath } from './spec-path.js';
import type { TableContract, TaskSpec } from './spec.js';

/** The task: columns named once, nothing that gives the answer away, and in the contract when that names all columns. */
export function checkTask({ task, evaluation, contract, sources, prepare }: SpecParts): SpecIssue[] {
  if (!task) return [];
  const features = task.features ?? [];
  const issues = doubledNames(features, (_, index) => ['task', 'features', index]);
  for (const [index, feature] of features.entries()) {
    if (feature === undefined) continue;
    const path = ['task', 'features', index];
    if (same(feature, task.label)) {
      issues.push({ path, message: `found the label ${quoted(feature)} among the features, want it left out` });
    }
    if (same(feature, task.eventTime)) {
      const message = `found the event time ${quoted(feature)} among the features, want what it says (hour, weekday) as columns of their own`;
      issues.push({ path, message });
    }
  }
  if (same(task.label, task.eventTime)) {
    issues.push({
      path: ['task', 'eventTime'],
      message: `found the label ${quoted(task.label ?? '')}, want a time column`,
    });
  }
  const blocks = evaluation?.blocks ?? [];
  issues.push(...doubledNames(blocks, (_, index) => ['evaluation', 'blocks', index]));
  for (const [index, block] of blocks.entries()) {
    if (block === undefined || !same(block, task.label)) continue;
    const message = `found the label ${quoted(block)}, want columns that say which rows hang together`;
    issues.push({ path: ['evaluation', 'blocks', index], message });
  }
  const [source, ...others] = Object.keys(sources ?? {});
  const table = source === undefined ? undefined : contract?.[source];
  // With a prepare the training table has columns of its own; only a lone source is the training table itself.
  if (table && prepare === undefined && others.length === 0) issues.push(...checkColumns(task, table, blocks));
  return issues;
}

function checkColumns(
  task: NonNullable<Loose<TaskSpec>>,
  table: NonNullable<Loose<TableContract>>,
  blocks: readonly (string | undefined)[],
): SpecIssue[] {
  const named: { path: SpecPath; name: string | undefined; types?: readonly string[] }[] = [
    { path: ['task', 'label'], name: task.label, types: ['boolean', 'integer', 'number'] },
    { path: ['task', 'eventTime'], name: task.eventTime, types: ['timestamp', 'date'] },
    ...(task.features ?? []).map((name, index) => ({ path: ['task', 'features', index], name })),
    ...blocks.map((name, index) => ({ path: ['evaluation', 'blocks', index], name })),
  ];
  const columns = table.columns ?? {};
  const known = Object.keys(columns);
  return named.flatMap(({ path, name, types }) => {
    const column = known.find((candidate) => same(candidate, name));
    if (name === undefined) return [];
    if (column === undefined && table.otherColumns === 'refuse') {
      return [{ path, message: `found no column ${quoted(name)} in the contract, ${wantOneOf(name, known)}` }];
    }
    const type = column === undefined ? undefined : columns[column]?.type;
    if (type && types && !types.includes(type)) {
      return [{ path, message: `found a column of type ${type} in the contract, want ${types.join(' or ')}` }];
    }
    return [];
  });
}

function same(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.toLowerCase() === b?.toLowerCase();
}
