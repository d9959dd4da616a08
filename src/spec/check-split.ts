import { doubledNames } from './check-contract.js';
import { between } from './check-times.js';
import { wantOneOf } from './issues.js';
import type { SpecParts } from './parts.js';
import { quoted, type SpecIssue } from './path.js';

/** The split: windows that can be, shares that leave something to train on, keys that are no answers. */
export function checkSplit({ split, task, sources }: SpecParts): SpecIssue[] {
  if (!split) return [];
  const issues = between(['split', 'lookback'], split.lookback, '0s', '36500d');
  if ('train' in split && split.train !== 'all')
    issues.push(...between(['split', 'train'], split.train, '1s', '36500d'));
  if ('gap' in split) issues.push(...between(['split', 'gap'], split.gap, '0s', '36500d'));
  if ('last' in split && split.last !== 'all') issues.push(...between(['split', 'last'], split.last, '1s', '36500d'));
  const { validation } = split;
  if (typeof validation === 'string') issues.push(...between(['split', 'validation'], validation, '1s', '36500d'));
  const test = 'test' in split ? split.test : undefined;
  if (typeof test === 'string') issues.push(...between(['split', 'test'], test, '1s', '36500d'));
  if (typeof test === 'number' && typeof validation === 'number' && test + validation >= 0.999) {
    const message = `found ${validation} beside test ${test}, want less than 1 together: the rest is what trains`;
    issues.push({ path: ['split', 'validation'], message });
  }
  const field = 'key' in split ? 'key' : 'columns';
  const keys = ('key' in split ? split.key : 'columns' in split ? split.columns : undefined) ?? [];
  issues.push(...doubledNames(keys, (_, index) => ['split', field, index]));
  for (const [index, key] of keys.entries()) {
    if (key === undefined || key.toLowerCase() !== task?.label?.toLowerCase()) continue;
    const message = `found the label ${quoted(key)}, want columns that are known without the answer`;
    issues.push({ path: ['split', field, index], message });
  }
  if (split.by === 'stratified' && task?.kind === 'regression') {
    const message = 'found stratified, which goes by class, want time, group, hash or fixed for a regression task';
    issues.push({ path: ['split', 'by'], message });
  }
  const known = Object.keys(sources ?? {});
  if ('source' in split && split.source !== undefined && sources) {
    const path = ['split', 'source'];
    if (!known.includes(split.source)) {
      issues.push({ path, message: `found no source ${quoted(split.source)}, ${wantOneOf(split.source, known)}` });
    } else if (known.length === 1) {
      issues.push({ path, message: `found the only source, want another one to train on` });
    }
  }
  return issues;
}
