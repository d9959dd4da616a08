import { inlinePair, pairIssues } from '../contracts/pair.js';
import { doubledNames } from './check-contract.js';
import type { SpecParts } from './parts.js';
import { quoted, type SpecIssue } from './path.js';

/** The task: columns named once, nothing that gives the answer away, and in the contract when that names all columns. */
export function checkTask(parts: SpecParts): SpecIssue[] {
  const { task, evaluation } = parts;
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
  // A contract file is compared when it is read.
  if (typeof parts.contract === 'object') issues.push(...pairIssues(parts, inlinePair(parts.contract)));
  return issues;
}

function same(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.toLowerCase() === b?.toLowerCase();
}
