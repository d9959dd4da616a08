import type { Sha256 } from '../domain/artifact.js';
import type { Snapshot, SnapshotPart, SourceObject } from '../domain/data.js';

/** What a source lists now, compared with the parts of the snapshot before. */
export interface ObjectChanges {
  readonly added: readonly SourceObject[];
  /** Same id, but another version, or read in another way than `reading` says. */
  readonly changed: readonly SourceObject[];
  /** Parts whose object is not listed any more. */
  readonly gone: readonly SnapshotPart[];
  /** Parts whose object is listed with the same version, read in the same way: nothing to do. */
  readonly kept: readonly SnapshotPart[];
}

/**
 * Compares the listing of one source with the parts that the snapshot before has of this source: only `added` and
 * `changed` objects need reading.
 *
 * @param reading digest of how this source is read now: parts with another one, or none, count as changed
 */
export function diffObjects(
  previous: readonly SnapshotPart[],
  listing: readonly SourceObject[],
  reading: Sha256,
): ObjectChanges {
  const before = new Map(previous.map((part) => [part.object.id, part]));
  const listed = new Set(listing.map(({ id }) => id));
  const kept: SnapshotPart[] = [];
  const added: SourceObject[] = [];
  const changed: SourceObject[] = [];
  for (const object of listing) {
    const part = before.get(object.id);
    if (!part) added.push(object);
    else if (part.reading === reading && isSame(part.object, object)) kept.push(part);
    else changed.push(object);
  }
  return { added, changed, gone: previous.filter(({ object }) => !listed.has(object.id)), kept };
}

function isSame(a: SourceObject, b: SourceObject): boolean {
  return a.version === b.version && a.bytes === b.bytes;
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
