import type { Column, Split } from '../src/domain/data.js';
import { durationMs } from '../src/domain/duration.js';
import { sizeBytes } from '../src/domain/size.js';
import { taskOf } from '../src/domain/task.js';
import { PrepareFailedError } from '../src/errors.js';
import type { ModelSpec, TaskSpec, TrainerSpec } from '../src/spec/spec.js';
import type { TrainingJob, TrainingLimits } from '../src/trainers/trainer.js';

/** What only the attempt knows of its job. */
export type JobHere = Pick<TrainingJob, 'folder' | 'name' | 'data' | 'parameters' | 'timeoutMs'> &
  Partial<
    Pick<
      TrainingJob,
      'code' | 'python' | 'command' | 'resume' | 'keepState' | 'warmStart' | 'environment' | 'secrets' | 'place'
    >
  >;

/** The job by which a spec trains on a split. */
export function trainingJob({ task, trainer }: ModelSpec, split: Split, here: JobHere): TrainingJob {
  const { estimator, command, entry, preload } = trainer;
  return {
    estimator,
    ...(command && { command }),
    ...(entry !== undefined && { entry }),
    ...(preload && { preload }),
    task: taskOf(split),
    label: task.label,
    features: featureColumns(task, split),
    seed: trainer.seed,
    graceMs: durationMs(trainer.grace),
    limits: trainingLimits(trainer),
    checkpointEvery: trainer.checkpointEvery,
    environment: {},
    secrets: [],
    ...here,
  };
}

function trainingLimits({ limits }: TrainerSpec): TrainingLimits {
  const { memory, cpuTime, fileSize, openFiles, processes } = limits;
  return {
    ...(memory !== undefined && { memoryBytes: sizeBytes(memory) }),
    ...(cpuTime !== undefined && { cpuSeconds: Math.ceil(durationMs(cpuTime) / 1000) }),
    fileBytes: sizeBytes(fileSize),
    openFiles,
    ...(processes !== undefined && { processes }),
  };
}

function featureColumns({ features }: TaskSpec, split: Split): Column[] {
  return features.map((name) => {
    const column = split.columns.find((column) => column.name === name);
    if (!column)
      throw new PrepareFailedError(`Cannot train on feature "${name}": the training table has no such column`);
    return column;
  });
}
