import { join } from 'node:path';
import type { Ref, Sha256 } from '../src/domain/artifact.js';
import type { Checkpoint } from '../src/domain/attempt.js';
import { canonicalJson } from '../src/domain/canonical.js';
import type { Split } from '../src/domain/data.js';
import type { ModelBundle } from '../src/domain/model.js';
import type { TrainerSpec } from '../src/spec/spec.js';
import { putManifest, readManifest, readManifestOf } from '../src/stores/blobs.js';
import { rethrowUnlessDamage } from '../src/stores/find-damage.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';
import type { TrainerState, TrainingJob } from '../src/trainers/trainer.js';
import type { ActivityDeps } from './deps.js';
import { fetchFiles, storeFiles } from './stored-folder.js';

/** What a training with `trainer.warmStart` begins with. */
export interface WarmStart {
  readonly job: Pick<TrainingJob, 'keepState' | 'warmStart'>;
  /** The champion by then, null when there is none. Absent: what it has left is damaged, and nothing follows from it. */
  readonly champion?: { readonly version: number; readonly bundle: Sha256 } | null;
  /** Why it does not go on from the champion's trees, said of the champion in half a sentence. */
  readonly anew?: string;
}

const FOLDER = 'warm-start';

/** Lays what the champion has left into the job's folder, if this training may go on from it. */
export async function findWarmStart(
  { store, ledger }: ActivityDeps,
  { model, trainer, split, folder }: { model: string; trainer: TrainerSpec; split: Split; folder: string },
  options: CallOptions,
): Promise<WarmStart> {
  const { champion = null } = (await ledger(model).read(options)).state;
  const job = { keepState: true } as const;
  if (!champion) return { job, champion: null };
  const found = { job, champion: { version: champion.version, bundle: champion.bundle } };
  try {
    const bundle = await readManifestOf<ModelBundle>(store, 'bundle', champion.bundle, options);
    if (!bundle.state) return { ...found, anew: 'has left no trees to go on from: it was trained without warmStart' };
    const anew = whyNot(await readManifestOf<Split>(store, 'split', bundle.split, options), split);
    if (anew !== undefined) return { ...found, anew };
    const { files } = await readManifest<Checkpoint>(store, bundle.state, options);
    await fetchFiles(store, files, join(folder, FOLDER), options);
    return { ...found, job: { ...job, warmStart: { name: FOLDER, maxTrees: trainer.maxTrees } } };
  } catch (error) {
    await rethrowUnlessDamage(store, error, options);
    return { job, anew: 'has left trees that are lost or damaged' };
  }
}

/** What came of a warm start: for the bundle, and for people. */
export interface Warmed {
  readonly state: Ref;
  readonly trainer: Pick<ModelBundle['trainer'], 'trees' | 'warmedBy' | 'beganAnew'>;
  readonly notes: readonly string[];
}

/** Stores what a training has left for the next one, as a checkpoint after so many trees. */
export async function keepState(
  store: ArtifactStore,
  { champion, anew }: WarmStart,
  left: TrainerState,
  options: CallOptions,
): Promise<Warmed> {
  const files = await storeFiles(store, left.folder, new Map(), options);
  const content: Checkpoint = { kind: 'checkpoint', schemaVersion: 1, step: left.trees, files };
  const state = await putManifest(store, 'checkpoint', content, options);
  const { trees, from } = left;
  if (champion && from > 0) {
    const note = `went on from the ${from} trees of version ${champion.version}`;
    return { state, trainer: { trees, warmedBy: champion.bundle }, notes: [note] };
  }
  const why = left.anew ?? anew;
  if (why === undefined) return { state, trainer: { trees }, notes: [] };
  const beganAnew = `the champion ${why}`;
  return { state, trainer: { trees, beganAnew }, notes: [`began anew: ${beganAnew}`] };
}

/**
 * Rows that a model was fitted on must not judge it, also when it was fitted on them as the champion before. So each
 * training learns from later rows than the one before, or from the same side of a split that no row ever crosses.
 */
function whyNot(before: Split, now: Split): string | undefined {
  if (before.prepareSha256 !== now.prepareSha256) return 'has learned from rows that other SQL has prepared';
  if (before.by !== now.by) return `has learned from rows split by ${before.by}, some of which may judge now`;
  if (now.by === 'time') {
    const isLater = Date.parse(before.train.to) > Date.parse(now.train.to);
    return isLater
      ? `has learned from rows until ${before.train.to}, which is later than this training may`
      : undefined;
  }
  const isSame =
    canonicalJson(before.settings ?? null) === canonicalJson(now.settings ?? null) &&
    (now.by !== 'fixed' || before.test.ref.sha256 === now.test.ref.sha256);
  return isSame ? undefined : 'has learned from rows of another split, some of which may judge now';
}
