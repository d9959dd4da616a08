import { leakCheckKey, type Sha256 } from '../src/domain/artifact.js';
import { canonicalJson } from '../src/domain/canonical.js';
import type { SnapshotPart } from '../src/domain/data.js';
import type { LeakCheck } from '../src/data/leak-check.js';
import { timeColumn } from '../src/data/source-tables.js';
import type { ModelSpec } from '../src/spec/spec.js';
import { sha256Hex } from '../src/stores/digest.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';

/** Version of the check: raise it when it has learned to see more. */
const CHECK = 2;
/** A check of fewer rows proves too little to be remembered. */
const ENOUGH_ROWS = 1000;

/** What passed: the SQL, and the form of what it ran over. */
export interface CheckedSql {
  readonly spec: ModelSpec;
  readonly prepareSql?: string;
  readonly parts: Readonly<Record<string, readonly SnapshotPart[]>>;
}

/**
 * Remembers that features were checked against the future, so that only SQL that is new, or meets data of another form, is
 * run twice (see docs/decisions/0010-leaks-are-looked-for-once.md). Losing the memory costs a check and nothing else.
 */
export function leakMemory(store: ArtifactStore, checked: CheckedSql) {
  const key = leakCheckKey(digestOf(checked));
  return {
    async hasPassed(options: CallOptions): Promise<boolean> {
      return (await store.stat(key, options)) !== undefined;
    },
    async remember(check: LeakCheck, options: CallOptions): Promise<void> {
      if (check.rows < ENOUGH_ROWS) return;
      await store.create(key, Buffer.from(canonicalJson({ schemaVersion: 1, ...check })), options);
    },
  };
}

function digestOf({ spec, prepareSql, parts }: CheckedSql): Sha256 {
  const { task, split } = spec;
  const tables = Object.entries(parts).map(([source, its]) => {
    const columns = new Set(its.flatMap((part) => part.columns.map(({ name, type }) => `${name} ${type}`)));
    return [source, { eventTime: timeColumn(spec, source, its), columns: [...columns].toSorted() }] as const;
  });
  const { label, features, eventTime, labelDelay } = task;
  const form = { label, features, eventTime, labelDelay, split, tables: Object.fromEntries(tables) };
  return sha256Hex(canonicalJson({ check: CHECK, sql: prepareSql ?? null, ...form }));
}
