import { join } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import type { Snapshot, SnapshotPart, Split, SplitPart } from '../src/domain/data.js';
import { prepareSplit, type SplitFile } from '../src/data/split.js';
import { neededRange, newestTime, partsInRange } from '../src/data/windows.js';
import type { ModelSpec, StoredSpec } from '../src/spec.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import { sha256Hex } from '../src/stores/digest.js';
import type { ActivityDeps } from './deps.js';
import { withScratch } from './scratch.js';

export interface SplitInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  readonly snapshot: Ref;
}

export interface SplitDone {
  readonly split: Ref;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly message: string;
}

/**
 * Prepares the training table by the model's SQL, over the parts that the windows need, and cuts train, validation and
 * test out of it by time.
 */
export async function split(deps: ActivityDeps, input: SplitInput, signal: AbortSignal): Promise<SplitDone> {
  const { store, cache } = deps;
  const [{ spec, prepareSql }, snapshot] = await Promise.all([
    readManifest<StoredSpec>(store, input.spec),
    readManifest<Snapshot>(store, input.snapshot),
  ]);
  return await withScratch(deps.scratchFolder, async (scratch) => {
    const tables: Record<string, string[]> = {};
    for (const { source, ref } of neededParts(spec, snapshot.parts)) {
      (tables[source] ??= []).push(await cache.file(ref, { signal }));
    }
    const facts = await prepareSplit(
      {
        tables,
        ...(prepareSql !== undefined && { sql: prepareSql }),
        task: spec.task,
        spec: spec.split,
        seed: spec.trainer.seed,
        outFolder: join(scratch, 'split'),
      },
      { signal },
    );
    const { columns, train, validation, test } = facts;
    const keep = async ({ file, ...part }: SplitFile): Promise<SplitPart> => {
      const { sha256, bytes } = part.ref;
      await putBlob(store, { path: file, sha256, bytes }, { signal });
      return part;
    };
    const [trainPart, validationPart, testPart] = await Promise.all([keep(train), keep(validation), keep(test)]);
    const manifest: Split = {
      kind: 'split',
      schemaVersion: 1,
      snapshot: input.snapshot.sha256,
      ...(prepareSql !== undefined && { prepareSha256: sha256Hex(prepareSql) }),
      columns,
      train: trainPart,
      validation: validationPart,
      test: testPart,
    };
    return {
      split: await putManifest(store, 'split', manifest, { signal }),
      rows: { train: train.rows, validation: validation.rows, test: test.rows },
      message: describe(manifest),
    };
  });
}

/** The parts of which the windows may need rows; of a source that has none there, all. */
function neededParts(spec: ModelSpec, parts: readonly SnapshotPart[]): readonly SnapshotPart[] {
  const newest = newestTime(parts);
  if (newest === undefined) return parts;
  const range = neededRange(spec.split, newest);
  return Object.keys(spec.sources).flatMap((source) => {
    const all = parts.filter((part) => part.source === source);
    const near = partsInRange(all, range);
    return near.length > 0 ? near : all;
  });
}

function describe({ train, validation, test }: Split): string {
  const sample = train.rows < train.rowsInWindow ? ` sampled from ${train.rowsInWindow}` : '';
  const day = (time: string) => time.slice(0, 10);
  return (
    `train ${train.rows} rows${sample}, ${day(train.from)} to ${day(train.to)}; validation ${validation.rows}; ` +
    `test ${test.rows} rows, ${day(test.from)} to ${day(test.to)}`
  );
}
