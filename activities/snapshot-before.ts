import type { Ref } from '../src/domain/artifact.js';
import type { Snapshot } from '../src/domain/data.js';
import { ArtifactCorruptError, ArtifactMissingError } from '../src/errors.js';
import { readManifest } from '../src/stores/blobs.js';
import { readRunRecord, recordedRuns } from '../src/stores/run-records.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';

export interface SnapshotBefore {
  /** Absent when there is none to go on from: then everything is read. */
  readonly snapshot?: Snapshot;
  /** Half a sentence, when it is not the one that was asked for. */
  readonly note?: string;
}

/**
 * The snapshot to go on from. When its manifest is lost or damaged, that of the newest run whose is whole: the sources are
 * then read again from there, which costs time and no rows.
 *
 * @throws {StoreUnavailableError} when the store is away
 */
export async function snapshotBefore(
  store: ArtifactStore,
  model: string,
  previous: Ref | undefined,
  options: CallOptions,
): Promise<SnapshotBefore> {
  if (!previous) return {};
  const asked = await wholeSnapshot(store, previous, options);
  if (asked) return { snapshot: asked };
  const lost = `the snapshot ${previous.sha256.slice(0, 8)} before it is lost or damaged`;
  for (const run of (await recordedRuns(store, model)).toReversed()) {
    const { result } = await readRunRecord(store, model, run);
    if (!result || result.snapshot.sha256 === previous.sha256) continue;
    const snapshot = await wholeSnapshot(store, result.snapshot, options);
    if (snapshot) return { snapshot, note: `${lost}: went on from that of run ${run}` };
  }
  return { note: `${lost}, and no older one is whole: read everything` };
}

async function wholeSnapshot(store: ArtifactStore, ref: Ref, options: CallOptions): Promise<Snapshot | undefined> {
  try {
    return await readManifest<Snapshot>(store, ref, options);
  } catch (error) {
    if (error instanceof ArtifactCorruptError || error instanceof ArtifactMissingError) return undefined;
    throw error;
  }
}
