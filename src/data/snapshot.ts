import type { Snapshot, SnapshotPart, SourceObject } from '../domain/data.js';

/** What a source lists now, compared with the parts of the snapshot before. */
export interface ObjectChanges {
  readonly added: readonly SourceObject[];
  /** Same id, other version. */
  readonly changed: readonly SourceObject[];
  /** Parts whose object is not listed any more. */
  readonly gone: readonly SnapshotPart[];
  /** Parts whose object is listed with the same version: nothing to read. */
  readonly kept: readonly SnapshotPart[];
}

/**
 * Compares the listing of one source with the parts that the snapshot before has of this source: only `added` and
 * `changed` objects need reading.
 */
export function diffObjects(previous: readonly SnapshotPart[], listing: readonly SourceObject[]): ObjectChanges {
  const before = new Map(previous.map((part) => [part.object.id, part]));
  const listed = new Set(listing.map(({ id }) => id));
  const kept: SnapshotPart[] = [];
  const added: SourceObject[] = [];
  const changed: SourceObject[] = [];
  for (const object of listing) {
    const part = before.get(object.id);
    if (!part) added.push(object);
    else if (part.object.version === object.version && part.object.bytes === object.bytes) kept.push(part);
    else changed.push(object);
  }
  return { added, changed, gone: previous.filter(({ object }) => !listed.has(object.id)), kept };
}

/** The snapshot of these parts, in the order of source and object, whatever order they were read in. */
export function buildSnapshot(model: string, parts: readonly SnapshotPart[]): Snapshot {
  const sorted = parts.toSorted((a, b) => byText(a.source, b.source) || byText(a.object.id, b.object.id));
  const rows = sorted.reduce((sum, part) => sum + part.rows, 0);
  return { kind: 'snapshot', schemaVersion: 1, model, parts: sorted, rows };
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
