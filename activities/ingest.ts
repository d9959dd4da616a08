import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contractOf } from '../src/contracts/index.js';
import { checkPair } from '../src/contracts/pair.js';
import type { Ref, Sha256 } from '../src/domain/artifact.js';
import type { ColumnType, SnapshotPart, SourceObject } from '../src/domain/data.js';
import { ingestObject } from '../src/data/ingest.js';
import { keyTime } from '../src/data/key-time.js';
import { readingDigest } from '../src/data/reading.js';
import { buildChanges, buildSnapshot, diffObjects, repeatedId, type ObjectChanges } from '../src/data/snapshot.js';
import { DataEmptyError, DataUnreadableError, SourceRefusedError } from '../src/errors.js';
import type { Source } from '../src/sources/source.js';
import type { ModelSpec, SourceSpec, StoredSpec } from '../src/spec/spec.js';
import { manifestRef, putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import { findDamage } from '../src/stores/find-damage.js';
import { MendingStore } from '../src/stores/mending-store.js';
import type { ArtifactStore } from '../src/stores/store.js';
import type { ActivityDeps } from './deps.js';
import { IngestProgress } from './ingest-progress.js';
import { withScratch } from './scratch.js';
import { snapshotBefore } from './snapshot-before.js';

export interface IngestInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  /** The snapshot to go on from: only what is new or changed since is read. */
  readonly previous?: Ref;
}

export interface Ingested {
  readonly snapshot: Ref;
  /** What was new, changed and gone at the sources: a `SourceChanges` manifest. */
  readonly changes: Ref;
  /** Rows of the snapshot. */
  readonly rows: number;
  /** Rows that were read now. */
  readonly newRows: number;
  readonly message: string;
}

type IngestDeps = Pick<ActivityDeps, 'store' | 'scratchFolder' | 'openSource'>;

/**
 * Lists every source, reads what is new or changed since the snapshot before, or was read under another contract, one
 * content-addressed Parquet part an object, and writes the new snapshot and what changed. Nothing is skipped and nothing
 * taken twice: a snapshot's parts are the cursor. Scratch space holds one object at a time. An attempt after the first
 * takes the parts that earlier ones finished, and so goes on where they ended.
 */
export async function ingest(
  deps: IngestDeps,
  { model, run, spec: specRef, previous }: IngestInput,
  signal: AbortSignal,
): Promise<Ingested> {
  // Of a snapshot that is made again because it was damaged, the damaged bytes must not stay in its place.
  const [stored, { snapshot: before, note }] = await Promise.all([
    readManifest<StoredSpec>(deps.store, specRef, { signal }),
    snapshotBefore(deps.store, model, previous, { signal }),
  ]);
  const store = note === undefined ? deps.store : new MendingStore(deps.store);
  const { spec } = stored;
  checkPair(stored);
  const progress = new IngestProgress(store, { model, run });
  const finished = await progress.finished({ signal });
  return await withScratch(deps.scratchFolder, async (scratch) => {
    const parts: SnapshotPart[] = [];
    const changes: Record<string, ObjectChanges> = {};
    let newRows = 0;
    for (const [name, declared] of Object.entries(spec.sources)) {
      const source = deps.openSource(declared);
      const known = before?.parts.filter((part) => part.source === name) ?? [];
      const done = new Map(finished.filter((part) => part.source === name).map((part) => [part.object.id, part]));
      const listing = await listed(
        source,
        [...known.filter(({ object }) => !done.has(object.id)), ...done.values()],
        signal,
      );
      const digest = readingDigest(stored, name);
      const found = diffObjects(known, listing, digest);
      changes[name] = found;
      parts.push(...found.kept);
      for (const object of [...found.added, ...found.changed, ...found.reread]) {
        const reading = { stored, name, declared, source, object, digest, scratch };
        const part = await takeObject(store, progress, done.get(object.id), reading, signal);
        parts.push(part);
        newRows += part.rows;
      }
    }
    if (parts.length === 0) throw nothingThere(spec);
    const snapshot = buildSnapshot(model, parts);
    const { sha256 } = manifestRef('snapshot', snapshot);
    const [snapshotRef, changesRef] = await Promise.all([
      putManifest(store, 'snapshot', snapshot, { signal }),
      putManifest(store, 'changes', buildChanges(sha256, changes), { signal }),
    ]);
    return {
      snapshot: snapshotRef,
      changes: changesRef,
      rows: snapshot.rows,
      newRows,
      message: [
        `${told(Object.values(changes), newRows)}; ${snapshot.rows} rows in all`,
        ...(note === undefined ? [] : [note]),
      ].join('; '),
    };
  });
}

async function listed(source: Source, known: readonly SnapshotPart[], signal: AbortSignal): Promise<SourceObject[]> {
  const listing = await source.list({ signal, known: known.map(({ object }) => object) });
  const repeated = repeatedId(listing);
  if (repeated === undefined) return listing;
  // Its rows would be taken twice.
  throw new SourceRefusedError(`Cannot take what ${source.name} lists: it lists "${repeated}" more than once`, {
    fix: 'Correct the source: each id stands for one object.',
    details: { object: repeated },
  });
}

interface Reading {
  readonly stored: StoredSpec;
  /** The source's name in the spec. */
  readonly name: string;
  readonly declared: SourceSpec;
  readonly source: Source;
  readonly object: SourceObject;
  /** Of how it is read. */
  readonly digest: Sha256;
  readonly scratch: string;
}

/** Takes what an earlier attempt made of this very object, when the blob is there and right, and reads it otherwise. */
async function takeObject(
  store: ArtifactStore,
  progress: IngestProgress,
  done: SnapshotPart | undefined,
  reading: Reading,
  signal: AbortSignal,
): Promise<SnapshotPart> {
  const isSame = done && diffObjects([done], [reading.object], reading.digest).kept.length > 0;
  const damage = isSame ? await findDamage(store, done, { signal }) : undefined;
  if (isSame && damage === undefined) return done;
  // What is there and damaged would else be taken for what is read now.
  const into = damage === undefined ? store : new MendingStore(store);
  const part = { ...(await readObject(into, reading, signal)), reading: reading.digest };
  await progress.keep(part, { signal });
  return part;
}

async function readObject(store: ArtifactStore, reading: Reading, signal: AbortSignal): Promise<SnapshotPart> {
  const { stored, name, declared, source, object } = reading;
  const time = eventTimeOf(declared, stored.spec, object);
  const scratch = await mkdtemp(join(reading.scratch, 'object-'));
  const [fetched, converted] = [join(scratch, 'object'), join(scratch, 'part.parquet')];
  const { sha256, types, version } = await source.fetch(object, fetched, { signal });
  const format = types ? 'csv' : 'format' in declared ? declared.format : undefined;
  const part = await ingestObject(
    {
      source: name,
      object,
      file: fetched,
      sourceSha256: sha256,
      ...(format && { format }),
      ...(time.column !== undefined && { eventTime: time.column }),
      types: declaredTypes(stored, name),
      ...(types && { exactTypes: types }),
    },
    converted,
    { signal, tempFolder: join(scratch, 'spill') },
  );
  checkEventTime(declared, part);
  await putBlob(store, { path: converted, sha256: part.ref.sha256, bytes: part.ref.bytes }, { signal });
  await rm(scratch, { recursive: true });
  // The next listing is compared with what was really read.
  return { ...part, ...(version !== undefined && { object: { ...object, version } }), ...time.range };
}

/** The column that says when the rows happened, or the time that the object's name says for all of them. */
function eventTimeOf({ eventTime }: SourceSpec, spec: ModelSpec, object: SourceObject) {
  if (eventTime === undefined) return { column: spec.task.eventTime };
  return 'column' in eventTime ? { column: eventTime.column } : { range: keyTime(eventTime.key, object.id) };
}

function checkEventTime({ eventTime }: SourceSpec, { object, columns }: SnapshotPart): void {
  if (eventTime === undefined || !('column' in eventTime)) return;
  const wanted = eventTime.column;
  const type = columns.find(({ name }) => name === wanted)?.type;
  if (type === 'timestamp' || type === 'date') return;
  const found =
    type === undefined ? `found the columns ${columns.map(({ name }) => name).join(', ')}` : `it is ${type}`;
  throw new DataUnreadableError(`Cannot take the event time of "${object.id}" from column "${wanted}": ${found}`, {
    fix: 'Correct `eventTime.column` of the source, or declare the column as timestamp in the contract.',
    details: { object: object.id, column: wanted },
  });
}

function declaredTypes(stored: StoredSpec, source: string): Record<string, ColumnType> {
  const columns = contractOf(stored).tables[source]?.columns ?? [];
  return Object.fromEntries(columns.flatMap(({ name, type }) => (type === undefined ? [] : [[name, type]])));
}

/** What was found, in the words of the timeline: `2 files new, 1 changed, with 400 rows; 12 known already, 1 gone`. */
function told(changes: readonly ObjectChanges[], newRows: number): string {
  const count = (group: keyof ObjectChanges) => changes.reduce((sum, each) => sum + each[group].length, 0);
  const [changed, reread, gone] = [count('changed'), count('reread'), count('gone')];
  const read = [
    `${count('added')} files new`,
    changed > 0 && `${changed} changed`,
    reread > 0 && `${reread} read again`,
  ];
  return [
    `${read.filter(Boolean).join(', ')}, with ${newRows} rows`,
    `${count('kept')} known already${gone > 0 ? `, ${gone} gone` : ''}`,
  ].join('; ');
}

function nothingThere(spec: ModelSpec): DataEmptyError {
  const names = Object.keys(spec.sources).join(', ');
  return new DataEmptyError(`Cannot make a snapshot for "${spec.name}": its sources (${names}) hold no files`, {
    fix: `Put a file where the source looks, or correct the source in the spec; ask ${spec.owners.data}.`,
    details: { owner: spec.owners.data },
  });
}
