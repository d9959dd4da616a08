import { join } from 'node:path';
import { contractOf } from '../src/contracts/index.js';
import { sensitiveColumns, withoutValues } from '../src/contracts/sensitive-columns.js';
import type { Ref } from '../src/domain/artifact.js';
import type { DataProfile, Snapshot, SnapshotPart, Split, SplitPart } from '../src/domain/data.js';
import type { TableProfile } from '../src/domain/profile.js';
import type { LeakCheck } from '../src/data/leak-check.js';
import { neededParts } from '../src/data/needed-parts.js';
import { profileFiles } from '../src/data/profile.js';
import { timeColumn, type SourceTables } from '../src/data/source-tables.js';
import { prepareSplit, type SplitFacts } from '../src/data/split.js';
import { partsInRange } from '../src/data/windows.js';
import type { SplitFile } from '../src/data/write-sides.js';
import type { ModelSpec, StoredSpec } from '../src/spec/spec.js';
import { mergeProfiles } from '../src/statistics/merge-profiles.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import { sha256Hex } from '../src/stores/digest.js';
import { checkTraining } from './check-training.js';
import type { ActivityDeps } from './deps.js';
import { leakMemory } from './leak-memory.js';
import { withScratch } from './scratch.js';

export interface SplitInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  readonly snapshot: Ref;
  /** Rows from then on do not exist: ISO 8601, from a backfill. */
  readonly asOf?: string;
}

export interface SplitDone {
  readonly split: Ref;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly message: string;
}

/**
 * Prepares the training table by the model's SQL, over the parts that the split needs, cuts train, validation and test out
 * of it, and profiles what the model will learn from. SQL that has not been run over data of this form before is checked
 * for features that know the future.
 */
export async function split(deps: ActivityDeps, input: SplitInput, signal: AbortSignal): Promise<SplitDone> {
  const { store } = deps;
  const [stored, snapshot] = await Promise.all([
    readManifest<StoredSpec>(store, input.spec),
    readManifest<Snapshot>(store, input.snapshot),
  ]);
  const { spec, prepareSql } = stored;
  const contract = contractOf(stored);
  const parts = neededParts(spec, snapshot.parts, input.asOf);
  return await withScratch(deps.scratchFolder, async (scratch) => {
    const memory = leakMemory(store, { spec, parts, ...(prepareSql !== undefined && { prepareSql }) });
    const checked = await memory.hasPassed({ signal });
    const facts = await prepareSplit(
      {
        tables: await sourceTables(deps, spec, parts, signal),
        ...(prepareSql !== undefined && { sql: prepareSql }),
        task: spec.task,
        spec: spec.split,
        seed: spec.trainer.seed,
        outFolder: join(scratch, 'split'),
        ...(input.asOf !== undefined && { asOf: input.asOf }),
        checkLeaks: !checked,
      },
      { signal },
    );
    if (facts.leakCheck) await memory.remember(facts.leakCheck, { signal });
    const { columns, task, train, validation, test } = facts;
    const files = [train, validation, test].map(({ file }) => file);
    const told = await checkTraining(spec, contract, files, { signal, tempFolder: join(scratch, 'spill') });
    const hidden = sensitiveColumns(Object.values(contract.tables));
    const profile = await profileOf(deps, facts, { parts, hidden, scratch }, signal);
    const keep = async ({ file, ...part }: SplitFile): Promise<SplitPart> => {
      const { sha256, bytes } = part.ref;
      await putBlob(store, { path: file, sha256, bytes }, { signal });
      return part;
    };
    const [trainPart, validationPart, testPart] = await Promise.all([keep(train), keep(validation), keep(test)]);
    const { by, ...settings } = spec.split;
    const manifest: Split = {
      kind: 'split',
      schemaVersion: 1,
      snapshot: input.snapshot.sha256,
      ...(prepareSql !== undefined && { prepareSha256: sha256Hex(prepareSql) }),
      profile: await putManifest(store, 'profile', profile, { signal }),
      by,
      settings,
      ...(input.asOf !== undefined && { asOf: input.asOf }),
      columns,
      ...(task && { task }),
      train: trainPart,
      validation: validationPart,
      test: testPart,
    };
    return {
      split: await putManifest(store, 'split', manifest, { signal }),
      rows: { train: train.rows, validation: validation.rows, test: test.rows },
      message: describe(manifest) + describeUnseen(manifest) + describeCheck(facts.leakCheck) + told,
    };
  });
}

type Parts = Readonly<Record<string, readonly SnapshotPart[]>>;

/** Local copies of the parts, one after the other: the cache verifies each while it comes. */
async function sourceTables(
  { cache }: ActivityDeps,
  spec: ModelSpec,
  parts: Parts,
  signal: AbortSignal,
): Promise<SourceTables> {
  const tables: Record<string, SourceTables[string]> = {};
  for (const [source, its] of Object.entries(parts)) {
    const eventTime = timeColumn(spec, source, its);
    const files = [];
    for (const { ref, from, to } of its) {
      const file = await cache.file(ref, { signal });
      files.push({ file, ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
    }
    tables[source] = { parts: files, ...(eventTime !== undefined && { eventTime }) };
  }
  return tables;
}

/** The training rows as the trainer gets them, and the rows of the sources in the time that they are of. */
async function profileOf(
  { store }: ActivityDeps,
  { train }: SplitFacts,
  { parts, hidden, scratch }: { readonly parts: Parts; readonly hidden: ReadonlySet<string>; readonly scratch: string },
  signal: AbortSignal,
): Promise<DataProfile> {
  const sources: Record<string, TableProfile> = {};
  for (const [source, its] of Object.entries(parts)) {
    const refs = partsInRange(its, train).flatMap(({ profile }) => profile ?? []);
    const profiles = await Promise.all(refs.map((ref) => readManifest<TableProfile>(store, ref, { signal })));
    if (profiles.length > 0) sources[source] = mergeProfiles(profiles);
  }
  const training = await profileFiles([train.file], { signal, tempFolder: join(scratch, 'spill') });
  return { kind: 'profile', schemaVersion: 1, training: withoutValues(training, hidden), sources };
}

function describe({ train, validation, test }: Split): string {
  const sample = train.rows < train.rowsInWindow ? ` sampled from ${train.rowsInWindow}` : '';
  const day = (time: string) => time.slice(0, 10);
  return (
    `train ${train.rows} rows${sample}, ${day(train.from)} to ${day(train.to)}; validation ${validation.rows}; ` +
    `test ${test.rows} rows, ${day(test.from)} to ${day(test.to)}`
  );
}

/** Rows of classes that cannot be learned are no error: that will happen to the model, too. */
function describeUnseen({ validation, test }: Split): string {
  const left = validation.rowsInWindow - validation.rows;
  const leftOut = left > 0 ? `; ${left} validation rows of classes that no training row has are left out` : '';
  if (!test.unseen) return leftOut;
  const { rows, classes } = test.unseen;
  return `${leftOut}; ${rows} test rows are of ${classes === 1 ? 'a class' : `${classes} classes`} that no training row has`;
}

function describeCheck(check: LeakCheck | undefined): string {
  if (!check) return '';
  const { cut, uncut } = check;
  if (cut === undefined) return '; no source could be cut in time, so features were not checked against the future';
  const but = uncut.length > 0 ? `, but for ${uncut.join(', ')}, which could not be cut in time` : '';
  return `; features checked against the future${but}`;
}
