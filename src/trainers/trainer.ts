import type { Column } from '../domain/data.js';

/** One training job on local files: what `job.json` says to a trainer (see python/README.md for the contract). */
export interface TrainingJob {
  /** An empty folder that belongs to this attempt; the trainer's working directory. */
  readonly folder: string;
  readonly estimator: string;
  readonly command?: readonly string[];
  readonly data: { readonly train: string; readonly validation: string };
  readonly label: string;
  readonly features: readonly Column[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Wall time in milliseconds after which the trainer is ended and the job fails. */
  readonly timeoutMs: number;
}

/** One line of progress, as the trainer printed it. */
export interface TrainingProgress {
  /** 0 to 1. */
  readonly done?: number;
  readonly message: string;
}

export interface TrainerCallbacks {
  /** Aborting it ends the trainer and everything it started, and rejects with the signal's reason. */
  readonly signal: AbortSignal;
  progress(progress: TrainingProgress): void;
}

/** What a trainer leaves behind, checked: regular files in the job's `output/`. */
export interface TrainingOutput {
  /** Path of the ONNX model. */
  readonly model: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** A way to run a training program. One contract suite for all kinds: `test/contracts/trainer.ts`. */
export interface Trainer {
  readonly kind: string;
  /**
   * Runs one job to its end. After it settles, whatever way, no process of the job is left.
   * @throws TrainerFailedError, TrainerTimeoutError
   */
  train(job: TrainingJob, callbacks: TrainerCallbacks): Promise<TrainingOutput>;
  /**
   * Names everything but the job itself by which a job becomes a model: code, versions of libraries, settings. Equal jobs
   * of equal identity give equal models, and are taken from the step cache. Asked before each training that may be, so it
   * should take a few milliseconds. Undefined, or no such method: results are never taken from the cache.
   */
  identity?(): Promise<readonly string[] | undefined>;
}
