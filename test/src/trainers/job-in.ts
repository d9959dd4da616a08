import type { TrainingJob } from '../../../src/trainers/trainer.js';

/** A job with nothing to train: what the scripts do is up to them. */
export function jobIn(folder: string, changes: Partial<TrainingJob> = {}): TrainingJob {
  return {
    folder,
    name: 'toy-1',
    task: { kind: 'binary' },
    graceMs: 3000,
    limits: {},
    environment: {},
    secrets: [],
    checkpointEvery: 0,
    estimator: 'gradient-boosting',
    data: { train: '/data/train.parquet', validation: '/data/validation.parquet' },
    label: 'late',
    features: [
      { name: 'origin', type: 'string' },
      { name: 'distance', type: 'integer' },
    ],
    parameters: { depth: 3 },
    seed: 7,
    timeoutMs: 30_000,
    ...changes,
  };
}
