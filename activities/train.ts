import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ref, Sha256 } from '../src/domain/artifact.js';
import type { Split } from '../src/domain/data.js';
import { durationMs } from '../src/domain/duration.js';
import type { ModelBundle } from '../src/domain/model.js';
import { taskOf, type Task } from '../src/domain/task.js';
import { trainerKind } from '../src/domain/trainer-kind.js';
import { TrainerFailedError } from '../src/errors.js';
import { OnnxModel } from '../src/inference/onnx-model.js';
import { checkOutputs } from '../src/inference/outputs/index.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import type { Trainer, TrainingOutput } from '../src/trainers/trainer.js';
import { prepareCode } from './code.js';
import { AttemptLog } from './attempt-log.js';
import type { ActivityDeps } from './deps.js';
import { thisMachine } from './machine.js';
import { withScratch } from './scratch.js';
import { TrainingAttempt } from './training-attempt.js';
import { trainingJob } from './training-job.js';
import { findWarmStart, keepState, type Warmed } from './warm-start.js';
import { withResources } from './with-resources.js';

export interface TrainInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  readonly split: Ref;
  /** Wall time of the trainer, in milliseconds. */
  readonly timeoutMs: number;
  /** Laid over the spec's parameters for this run only. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface Trained {
  readonly bundle: Ref;
  /** With `trainer.warmStart`: the bundle of the champion, from whose trees it follows; null when there was none. */
  readonly champion?: Sha256 | null;
  readonly message: string;
}

/** Trains a candidate on the split in a process of its own, and keeps what came out as a model bundle. */
export async function train(deps: ActivityDeps, input: TrainInput, signal: AbortSignal): Promise<Trained> {
  const { store, cache } = deps;
  const [stored, split] = await Promise.all([
    readManifest<StoredSpec>(store, input.spec),
    readManifest<Split>(store, input.split),
  ]);
  const { spec } = stored;
  const trainer = findTrainer(deps.trainers, trainerKind(spec.trainer));
  const progress = (message: string) => AttemptLog.current().progress({ message });
  const { pythonVersion, ...code } = await prepareCode(deps, stored, { signal, progress });
  const parameters = { ...spec.trainer.parameters, ...input.parameters };
  return await withScratch(deps.scratchFolder, async (scratch) => {
    const [trainFile, validationFile] = await Promise.all([
      cache.file(split.train.ref, { signal }),
      cache.file(split.validation.ref, { signal }),
    ]);
    const folder = join(scratch, 'job');
    await mkdir(folder);
    const place = { model: input.model, trainer: spec.trainer, split, folder };
    const warm = spec.trainer.warmStart === 'off' ? undefined : await findWarmStart(deps, place, { signal });
    const { gpus } = spec.trainer.resources;
    return await withResources(deps, spec.trainer, signal, async (environment) => {
      if (gpus > 0) AttemptLog.current().uses({ gpus });
      const attempt = await TrainingAttempt.begin({ store, scratch, graceMs: durationMs(spec.trainer.grace), signal });
      const started = performance.now();
      const job = trainingJob(spec, split, {
        ...code,
        folder,
        name: `${input.model}-${input.run}`,
        data: { train: trainFile, validation: validationFile },
        parameters,
        timeoutMs: input.timeoutMs,
        ...(attempt.resume && { resume: attempt.resume }),
        ...warm?.job,
      });
      const output = await attempt.run((callbacks) =>
        trainer.train({ ...job, environment: { ...environment, ...job.environment } }, callbacks),
      );
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const points = await attempt.storePoints();
      const warmed = warm && output.state && (await keepState(store, warm, output.state, { signal }));
      const bundle = await bundleUp(
        deps,
        input,
        spec,
        parameters,
        {
          ...output,
          ...(points && { points }),
          ...(warmed && { warmed }),
          pinned: code.place ? pinnedElsewhere(stored.code, output) : pinnedBy(stored.code, pythonVersion),
        },
        taskOf(split),
      );
      await attempt.forget();
      const name = (spec.trainer.command ?? spec.trainer.entry) ? 'own trainer' : spec.trainer.estimator;
      const done = `${name} on ${split.train.rows} rows in ${seconds} s`;
      return {
        bundle,
        ...(warm?.champion !== undefined && { champion: warm.champion?.bundle ?? null }),
        message: [done, ...(warmed?.notes ?? []), ...attempt.notes].join('; '),
      };
    });
  });
}

type Pinned = Pick<ModelBundle['trainer'], 'code' | 'lock' | 'python' | 'machine' | 'image'>;

async function bundleUp(
  { store }: ActivityDeps,
  input: TrainInput,
  spec: StoredSpec['spec'],
  parameters: Readonly<Record<string, unknown>>,
  output: TrainingOutput & { readonly points?: Ref; readonly warmed?: Warmed; readonly pinned: Pinned },
  task: Task,
): Promise<Ref> {
  // Loading it proves that the runtime which will serve it can; a file that cannot be loaded never becomes a candidate.
  const onnx = await OnnxModel.load(output.model);
  const { inputs, outputs } = onnx.signature;
  await onnx.close();
  checkOutputs(task, outputs);
  const bundle: ModelBundle = {
    kind: 'bundle',
    schemaVersion: 1,
    model: input.model,
    onnx: await putBlob(store, { path: output.model }),
    inputs,
    outputs,
    ...(task.kind !== 'binary' && { task }),
    spec: input.spec.sha256,
    split: input.split.sha256,
    trainer: {
      kind: trainerKind(spec.trainer),
      estimator: spec.trainer.command?.join(' ') ?? spec.trainer.entry ?? spec.trainer.estimator,
      parameters,
      seed: spec.trainer.seed,
      ...threadsOf(spec, parameters),
      versions: output.versions,
      ...output.pinned,
      ...output.warmed?.trainer,
    },
    ...(output.points && { points: output.points }),
    ...(output.warmed && { state: output.warmed.state }),
    trainerMetrics: output.metrics,
  };
  return await putManifest(store, 'bundle', bundle);
}

/** What decides the program that has run, and where. */
function pinnedBy(code: StoredSpec['code'], python: string | undefined): Pinned {
  return {
    ...(code && { code: code.ref.sha256 }),
    ...(code?.lock && { lock: code.lock.sha256 }),
    ...(python !== undefined && { python }),
    machine: thisMachine(),
    ...imageOf(process.env['PERENNIAL_IMAGE']),
  };
}

/** Of other machines it is known that they fetched the code, what they say of the lock in it, and no more. */
function pinnedElsewhere(code: StoredSpec['code'], { locked }: TrainingOutput): Pinned {
  return { ...(code && { code: code.ref.sha256 }), ...locked };
}

/** What built-in estimators use; nobody knows what a program of the user's own does. */
function threadsOf({ trainer }: StoredSpec['spec'], { threads }: Readonly<Record<string, unknown>>) {
  if (trainer.command || trainer.entry) return {};
  return { threads: typeof threads === 'number' ? threads : 1 };
}

function imageOf(image: string | undefined) {
  return image === undefined || image === '' ? {} : { image };
}

/** @throws {TrainerFailedError} when this worker has none of that kind */
export function findTrainer(trainers: Readonly<Record<string, Trainer>>, kind: string): Trainer {
  const trainer = Object.hasOwn(trainers, kind) ? trainers[kind] : undefined;
  if (trainer) return trainer;
  const known = Object.keys(trainers).join(', ');
  throw new TrainerFailedError(`Cannot train with a trainer of kind "${kind}": this worker has ${known}`, {
    fix: `Hand a trainer named "${kind}" to workerDeps({ trainers }), or change trainer.kind in the spec.`,
  });
}
