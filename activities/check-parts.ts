import type { Contract } from '../src/domain/contract.js';
import type { Snapshot, SnapshotPart } from '../src/domain/data.js';
import type { TableProfile } from '../src/domain/profile.js';
import { partsToFollow, withKnown } from '../src/data/known-profile.js';
import { timeColumn } from '../src/data/source-tables.js';
import type { ModelSpec } from '../src/spec/spec.js';
import { readManifest } from '../src/stores/blobs.js';
import { checkPart, type CheckedPart } from './check-part.js';
import type { ActivityDeps } from './deps.js';

/** What the snapshot before does not have, or has from before parts were profiled. */
export function freshParts(snapshot: Snapshot, before: Snapshot | undefined): SnapshotPart[] {
  const known = new Set(before?.parts.filter(({ profile }) => profile).map(checkedAs));
  return snapshot.parts.filter((part) => !part.profile || !known.has(checkedAs(part)));
}

/** The same rows under another contract are not the same: they were never checked against it. */
function checkedAs({ source, ref, reading = '' }: SnapshotPart): string {
  return `${source} ${ref.sha256} ${reading}`;
}

interface PartsToCheck {
  readonly spec: ModelSpec;
  readonly contract: Contract;
  readonly fresh: readonly SnapshotPart[];
  readonly checkedBefore: readonly SnapshotPart[];
  readonly scratch: string;
}

/** One part after the other: each profile follows the edges of those before it, and the disk holds one part. */
export async function checkParts(deps: ActivityDeps, work: PartsToCheck, signal: AbortSignal): Promise<CheckedPart[]> {
  const { spec, contract, fresh, checkedBefore, scratch } = work;
  const checked: CheckedPart[] = [];
  for (const [source, parts] of bySource(fresh)) {
    const table = contract.tables[source];
    const eventTime = timeColumn(spec, source, parts);
    let known = await knownProfile(
      deps,
      checkedBefore.filter((part) => part.source === source),
      parts,
      signal,
    );
    for (const part of parts) {
      const input = {
        part,
        scratch,
        ...(table && { contract: table }),
        ...(known && { known }),
        ...(eventTime !== undefined && { eventTime }),
      };
      const done = await deps.cache.during((cache) => checkPart({ ...deps, cache }, input, signal));
      checked.push(done);
      known = withKnown(known, done.profile);
    }
  }
  return checked;
}

async function knownProfile(
  { store }: ActivityDeps,
  before: readonly SnapshotPart[],
  fresh: readonly SnapshotPart[],
  signal: AbortSignal,
): Promise<TableProfile | undefined> {
  let known: TableProfile | undefined;
  const columns = fresh.flatMap((part) => part.columns);
  for (const { profile } of partsToFollow(before, columns)) {
    known = withKnown(known, await readManifest<TableProfile>(store, profile, { signal }));
  }
  return known;
}

/** The parts of each source, in their order. */
export function bySource(parts: readonly SnapshotPart[]): Map<string, SnapshotPart[]> {
  const sources = new Map<string, SnapshotPart[]>();
  for (const part of parts) {
    const its = sources.get(part.source);
    if (its) its.push(part);
    else sources.set(part.source, [part]);
  }
  return sources;
}
