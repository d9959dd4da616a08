import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import type { Split } from '../src/domain/data.js';
import type { ModelBundle } from '../src/domain/model.js';
import { trainerKind } from '../src/domain/trainer-kind.js';
import { TrainerFailedError } from '../src/errors.js';
import { OnnxModel } from '../src/inference/onnx-model.js';
import type { StoredSpec } from '../src/spec.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import type { Trainer, TrainingOutput } from '../src/trainers/trainer.js';
import type { ActivityDeps } from './deps.js';
import { reportProgress } from './heartbeat.js';
import { withScratch } from './scratch.js';
import { trainingJob } from './training-job.js';

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
  readonly message: string;
}

/** Trains a candidate on the split in a process of its own, and keeps what came out as a model bundle. */
export async function train(deps: ActivityDeps, input: TrainInput, signal: AbortSignal): Promise<Trained> {
  const { store, cache } = deps;
  const [{ spec }, split] = await Promise.all([
    readManifest<StoredSpec>(store, input.spec),
    readManifest<Split>(store, input.split),
  ]);
  const trainer = findTrainer(deps.trainers, trainerKind(spec.trainer));
  const parameters = { ...spec.trainer.parameters, ...input.parameters };
  return await withScratch(deps.scratchFolder, async (scratch) => {
    const [trainFile, validationFile] = await Promise.all([
      cache.file(split.train.ref, { signal }),
      cache.file(split.validation.ref, { signal }),
    ]);
    const folder = join(scratch, 'job');
    await mkdir(folder);
    const started = performance.now();
    const output = await trainer.train(
      trainingJob(spec, split, {
        folder,
        name: `${input.model}-${input.run}`,
        data: { train: trainFile, validation: validationFile },
        parameters,
        timeoutMs: input.timeoutMs,
      }),
      { signal, progress: reportProgress },
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const bundle = await bundleUp(deps, input, spec, parameters, output);
    const name = spec.trainer.command ? 'own trainer' : spec.trainer.estimator;
    return { bundle, message: `${name} on ${split.train.rows} rows in ${seconds} s` };
  });
}

async function bundleUp(
  { store }: ActivityDeps,
  input: TrainInput,
  spec: StoredSpec['spec'],
  parameters: Readonly<Record<string, unknown>>,
  output: TrainingOutput,
): Promise<Ref> {
  // Loading it proves that the runtime which will serve it can; a file that cannot be loaded never becomes a candidate.
  const onnx = await OnnxModel.load(output.model);
  const { inputs, outputs } = onnx.signature;
  await onnx.close();
  const bundle: ModelBundle = {
    kind: 'bundle',
    schemaVersion: 1,
    model: input.model,
    onnx: await putBlob(store, { path: output.model }),
    inputs,
    outputs,
    spec: input.spec.sha256,
    split: input.split.sha256,
    trainer: {
      kind: trainerKind(spec.trainer),
      estimator: spec.trainer.command ? spec.trainer.command.join(' ') : spec.trainer.estimator,
      parameters,
      seed: spec.trainer.seed,
      versions: output.versions,
    },
    trainerMetrics: output.metrics,
  };
  return await putManifest(store, 'bundle', bundle);
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
