import type { Sha256 } from '../domain/artifact.js';
import type { Snapshot, SnapshotPart, SourceChanges, SourceObject } from '../domain/data.js';

/** What a source lists now, compared with the parts of the snapshot before. */
export interface ObjectChanges {
  readonly added: readonly SourceObject[];
  /** Same id, but another version. */
  readonly changed: readonly SourceObject[];
  /** Same id and version, but read in another way than `reading` says. */
  readonly reread: readonly SourceObject[];
  /** Parts whose object is not listed any more. */
  readonly gone: readonly SnapshotPart[];
  /** Parts whose object is listed with the same version, read in the same way: nothing to do. */
  readonly kept: readonly SnapshotPart[];
}

/**
 * Compares the listing of one source with the parts that the snapshot before has of this source: only `added`, `changed`
 * and `reread` objects need reading. Every listed object is in exactly one group, whatever its name, age or place in the
 * listing: late files are new files.
 *
 * @param listing each id once
 * @param reading digest of how this source is read now: parts with another one, or none, are read again
 */
export function diffObjects(
  previous: readonly SnapshotPart[],
  listing: readonly SourceObject[],
  reading: Sha256,
): ObjectChanges {
  const before = new Map(previous.map((part) => [part.object.id, part]));
  const listed = new Set(listing.map(({ id }) => id));
  const kept: SnapshotPart[] = [];
  const [added, changed, reread]: [SourceObject[], SourceObject[], SourceObject[]] = [[], [], []];
  for (const object of listing) {
    const part = before.get(object.id);
    if (!part) added.push(object);
    else if (!isSame(part.object, object)) changed.push(object);
    else if (part.reading !== reading) reread.push(object);
    else kept.push(part);
  }
  return { added, changed, reread, gone: previous.filter(({ object }) => !listed.has(object.id)), kept };
}

function isSame(a: SourceObject, b: SourceObject): boolean {
  return a.version === b.version && a.bytes === b.bytes;
}

/** The first id that a listing has more than once; undefined for a sound listing. */
export function repeatedId(listing: readonly SourceObject[]): string | undefined {
  const seen = new Set<string>();
  return listing.find(({ id }) => seen.size === seen.add(id).size)?.id;
}

/** The snapshot of these parts, in the order of source and object, whatever order they were read in. */
export function buildSnapshot(model: string, parts: readonly SnapshotPart[]): Snapshot {
  const sorted = parts.toSorted((a, b) => byText(a.source, b.source) || byText(a.object.id, b.object.id));
  const rows = sorted.reduce((sum, part) => sum + part.rows, 0);
  return { kind: 'snapshot', schemaVersion: 1, model, parts: sorted, rows };
}

/** What was found, for the record, told apart by source. */
export function buildChanges(snapshot: Sha256, changes: Readonly<Record<string, ObjectChanges>>): SourceChanges {
  const sources = Object.entries(changes).map(([source, { added, changed, reread, gone }]) => [
    source,
    {
      added: idsOf(added),
      changed: idsOf(changed),
      gone: idsOf(gone.map(({ object }) => object)),
      ...(reread.length > 0 && { reread: idsOf(reread) }),
    },
  ]);
  return { kind: 'changes', schemaVersion: 1, snapshot, sources: Object.fromEntries(sources) };
}

function idsOf(objects: readonly SourceObject[]): string[] {
  return objects.map(({ id }) => id).toSorted(byText);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
