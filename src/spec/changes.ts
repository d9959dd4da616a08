import { canonicalJson } from '../domain/canonical.js';
import type { StoredSpec } from './spec.js';

/**
 * The parts in which two stored specs differ, by their path of one or two keys (`trainer.parameters`, `search`) and in the
 * order of the new one; what it has no more comes last. SQL, contract file and code count as the part that names them.
 */
export function specChanges(before: StoredSpec, after: StoredSpec): string[] {
  const [old, now] = [before.spec, after.spec] as readonly Members[];
  const changed = new Set(keysOf(old, now).flatMap((key) => partChanges(key, old?.[key], now?.[key])));
  if (before.prepareSql !== after.prepareSql) changed.add('prepare');
  if (!same(before.contractFile, after.contractFile)) changed.add('contract');
  if (!same(before.code, after.code)) changed.add('trainer.code');
  return [...changed];
}

type Members = Readonly<Record<string, unknown>> | undefined;

function partChanges(key: string, before: unknown, after: unknown): string[] {
  if (same(before, after)) return [];
  if (!hasMembers(before) || !hasMembers(after)) return [key];
  return keysOf(before, after)
    .filter((member) => !same(before[member], after[member]))
    .map((member) => `${key}.${member}`);
}

function keysOf(before: Members, after: Members): string[] {
  return [...new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})])];
}

function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By what would be stored: a member that is `undefined` is none. */
function same(before: unknown, after: unknown): boolean {
  return canonicalJson([before ?? null]) === canonicalJson([after ?? null]);
}
