import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import type { Snapshot, SnapshotPart, SourceObject } from '../src/domain/data.js';
import { ingestObject } from '../src/data/ingest.js';
import { readingDigest } from '../src/data/reading.js';
import { buildSnapshot, diffObjects } from '../src/data/snapshot.js';
import { DataEmptyError } from '../src/errors.js';
import type { Source } from '../src/sources/source.js';
import type { ModelSpec, StoredSpec } from '../src/spec.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import type { ActivityDeps } from './deps.js';
import { withScratch } from './scratch.js';

export interface IngestInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  /** The snapshot to go on from: only what is new or changed since is read. */
  readonly previous?: Ref;
}

export interface Ingested {
  readonly snapshot: Ref;
  /** Rows of the snapshot. */
  readonly rows: number;
  /** Rows that were read now. */
  readonly newRows: number;
  readonly message: string;
}

/**
 * Lists every source, reads what is new or changed since the snapshot before, or was read under another contract, one content-addressed Parquet part an
 * object, and writes the new snapshot. Nothing is taken twice: a snapshot's parts are the cursor.
 */
export async function ingest(
  deps: ActivityDeps,
  { model, spec: specRef, previous }: IngestInput,
  signal: AbortSignal,
): Promise<Ingested> {
  const { store } = deps;
  const [{ spec }, before] = await Promise.all([
    readManifest<StoredSpec>(store, specRef),
    previous && readManifest<Snapshot>(store, previous),
  ]);
  return await withScratch(deps.scratchFolder, async (scratch) => {
    const parts: SnapshotPart[] = [];
    const counts = { read: 0, kept: 0, gone: 0, rows: 0 };
    for (const [name, declared] of Object.entries(spec.sources)) {
      const source = deps.openSource(declared);
      const known = before?.parts.filter((part) => part.source === name) ?? [];
      const digest = readingDigest(spec, name);
      const { added, changed, gone, kept } = diffObjects(known, await source.list({ signal }), digest);
      parts.push(...kept);
      counts.kept += kept.length;
      counts.gone += gone.length;
      for (const object of [...added, ...changed]) {
        const part = await readObject(deps, { spec, name, source, object, scratch }, signal);
        parts.push({ ...part, reading: digest });
        counts.read += 1;
        counts.rows += part.rows;
      }
    }
    if (parts.length === 0) throw nothingThere(spec);
    const snapshot = buildSnapshot(model, parts);
    const ref = await putManifest(store, 'snapshot', snapshot, { signal });
    const gone = counts.gone > 0 ? `, ${counts.gone} gone` : '';
    const message = `${counts.read} files read with ${counts.rows} rows, ${counts.kept} files known already${gone}; ${snapshot.rows} rows in all`;
    return { snapshot: ref, rows: snapshot.rows, newRows: counts.rows, message };
  });
}

interface Reading {
  readonly spec: ModelSpec;
  /** The source's name in the spec. */
  readonly name: string;
  readonly source: Source;
  readonly object: SourceObject;
  readonly scratch: string;
}

async function readObject(deps: ActivityDeps, reading: Reading, signal: AbortSignal): Promise<SnapshotPart> {
  const { spec, name, source, object } = reading;
  const scratch = await mkdtemp(join(reading.scratch, 'object-'));
  const [fetched, converted] = [join(scratch, 'object'), join(scratch, 'part.parquet')];
  const { sha256 } = await source.fetch(object, fetched, { signal });
  const { format } = spec.sources[name] ?? {};
  const types = Object.entries(spec.contract[name]?.columns ?? {}).map(([column, { type }]) => [column, type] as const);
  const part = await ingestObject(
    {
      source: name,
      object,
      file: fetched,
      sourceSha256: sha256,
      ...(format && { format }),
      eventTime: spec.task.eventTime,
      types: Object.fromEntries(types),
    },
    converted,
    { signal, tempFolder: join(scratch, 'spill') },
  );
  await putBlob(deps.store, { path: converted, sha256: part.ref.sha256, bytes: part.ref.bytes }, { signal });
  await rm(scratch, { recursive: true });
  return part;
}

function nothingThere(spec: ModelSpec): DataEmptyError {
  const names = Object.keys(spec.sources).join(', ');
  return new DataEmptyError(`Cannot make a snapshot for "${spec.name}": its sources (${names}) hold no files`, {
    fix: `Put a file where the source looks, or correct the source in the spec; ask ${spec.owners.data}.`,
    details: { owner: spec.owners.data },
  });
}
