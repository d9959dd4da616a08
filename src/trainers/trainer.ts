import type { Sha256 } from '../domain/artifact.js';
import type { FarAttempt } from '../domain/attempt.js';
import type { CodeBundle } from '../domain/code.js';
import type { Column } from '../domain/data.js';
import type { Parameters, Search, Trial } from '../domain/search.js';

/** What is predicted: decides the outputs of the model (python/README.md). */
export interface TrainingTask {
  readonly kind: 'binary' | 'multiclass' | 'regression';
  /** Of `multiclass`: the classes in the order of the model's probabilities. */
  readonly classes?: readonly string[];
}

/** The most that a job may use. Absent: no limit. */
export interface TrainingLimits {
  /** Of one process, and of all processes of the job together. */
  readonly memoryBytes?: number;
  /** Of one process, and of all processes of the job together. */
  readonly cpuSeconds?: number;
  /** Of one file. */
  readonly fileBytes?: number;
  readonly openFiles?: number;
  readonly processes?: number;
}

/** One training job on local files: what `job.json` says to a trainer (see python/README.md for the contract). */
export interface TrainingJob {
  /** An empty folder that belongs to this attempt; the trainer's working directory. */
  readonly folder: string;
  /** Names the job to people, and to systems that run it elsewhere: the same for every attempt of it. */
  readonly name: string;
  readonly estimator: string;
  /** The user's own program on the job contract, in place of `estimator`. */
  readonly command?: readonly string[];
  /** The user's own Python program inside `code`, in place of `estimator`. */
  readonly entry?: string;
  /** Modules that a warm host imports before the job. */
  readonly preload?: readonly string[];
  /** The code bundle, unpacked; nothing in it is ever changed. */
  readonly code?: {
    readonly folder: string;
    readonly sha256: string;
    /** What a machine of others is to install; on this one `python` has it already. */
    readonly lock?: NonNullable<CodeBundle['lock']>;
  };
  /** An interpreter with the packages that the code bundle locks, and `perennial_trainer`. Default: the trainer's own. */
  readonly python?: string;
  readonly data: { readonly train: string; readonly validation: string };
  readonly task: TrainingTask;
  readonly label: string;
  readonly features: readonly Column[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Wall time in milliseconds after which the trainer is ended and the job fails. */
  readonly timeoutMs: number;
  /** Time between asking the trainer to end and killing it, in which it may write a last checkpoint. */
  readonly graceMs: number;
  readonly limits: TrainingLimits;
  /** Variables for the trainer alone. */
  readonly environment: Readonly<Record<string, string>>;
  /** Texts that nothing the trainer says may show. */
  readonly secrets: readonly string[];
  /** Steps between two checkpoints of a built-in estimator; 0: none. */
  readonly checkpointEvery: number;
  /** Where to go on: the files of a checkpoint are in `checkpoints/<name>` of the folder. */
  readonly resume?: { readonly name: string; readonly step: number };
  /** Whether to leave a state, from which a training to come can go on: see `TrainingOutput.state`. */
  readonly keepState?: boolean;
  /** What an earlier training has left is in this folder of the job's; no more trees than these in all. */
  readonly warmStart?: { readonly name: string; readonly maxTrees: number };
  /** What kinds that are configured by the spec need: `trainer.activity` and `trainer.ray`, with variables resolved. */
  readonly place?: Readonly<Record<string, unknown>>;
}

/** One line of progress, as the trainer printed it. */
export interface TrainingProgress {
  /** 0 to 1. */
  readonly done?: number;
  /** Steps (trees, epochs) done. */
  readonly step?: number;
  readonly message: string;
}

/** A checkpoint that a trainer says is whole: the folder holds regular files only. */
export interface TrainingCheckpoint {
  readonly folder: string;
  readonly step: number;
}

export interface TrainerCallbacks {
  /** Aborting it ends the trainer and everything it started, and rejects with the signal's reason. */
  readonly signal: AbortSignal;
  progress(progress: TrainingProgress): void;
  /**
   * Keeps a checkpoint; when it resolves, the folder may go. Called one at a time, also while the trainer is being ended.
   * Of checkpoints that wait, only the newest is kept.
   */
  checkpoint?(checkpoint: TrainingCheckpoint): Promise<void>;
  /** Metrics at a step (a tree, an epoch), as the trainer printed them. */
  point?(step: number, values: Readonly<Record<string, number>>): void;
  /** A line of the trainer's log: without control characters and what looks like a secret, at most 4,096 characters. */
  log?(line: string): void;
  /**
   * What the job has used: so far, now and then while it runs, and in all when its processes have ended, in whatever way. A
   * training that fails or is lost costs, too.
   */
  usage?(usage: TrainingUsage): void;
  /** Of a job that other machines do: what is known of its attempts there, whenever more of it is known. */
  elsewhere?(attempts: readonly FarAttempt[]): void;
}

/** Of all processes of a job; members that nobody measured are absent. */
export interface TrainingUsage {
  readonly cpuSeconds?: number;
  readonly peakMemoryBytes?: number;
}

/** What a trainer leaves for a training to come. */
export interface TrainerState {
  /** Regular files. */
  readonly folder: string;
  /** Rounds of trees in all. */
  readonly trees: number;
  /** How many of them it had from `TrainingJob.warmStart`. */
  readonly from: number;
  /** Why it had none although it was given some: said of the model before, in half a sentence. */
  readonly anew?: string;
}

/** What a trainer leaves behind, checked: regular files in the job's `output/`. */
export interface TrainingOutput {
  /** Path of the ONNX model. */
  readonly model: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
  /** Of a job that asked for it. */
  readonly state?: TrainerState;
  readonly usage: TrainingUsage;
  /** Of a job that another machine has done in an environment which it made for the job's lock. */
  readonly locked?: LockedEnvironment;
}

/** An environment that has what a lock file pins. */
export interface LockedEnvironment {
  /** Digest of the lock. */
  readonly lock: Sha256;
  /** Version of its Python. Example: `3.11.7`. */
  readonly python: string;
}

/** Trials of a search that one program runs. */
export interface TrialsJob {
  /** What they have in common; the parameters of a trial are laid over its own, the time limit is that of one trial. */
  readonly job: TrainingJob;
  readonly study: Pick<Search, 'sampler' | 'space' | 'fixed' | 'seed' | 'metric' | 'direction' | 'pruner'>;
  /** Without parameters: the sampler is asked for them. */
  readonly trials: readonly { readonly number: number; readonly parameters?: Parameters }[];
  /** Trials that have ended, by number: what samplers and pruners learn from. */
  readonly known: readonly Trial[];
  /** No trial begins after so many seconds, but one does. */
  readonly seconds: number;
  /** `ask`: parameters are suggested and nothing is fitted; the trials told have no value. */
  readonly what: 'fit' | 'ask';
}

export interface TrialsCallbacks {
  /** Aborting it ends the program and rejects with the signal's reason. */
  readonly signal: AbortSignal;
  trial(trial: Trial): void;
  /** A line of the log, as of a training. `trial`: which one it comes from, once one has begun. */
  log?(line: string, trial?: number): void;
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
   * @param python the interpreter of the job, when its code bundle locks one
   */
  identity?(python?: string): Promise<readonly string[] | undefined>;
  /**
   * Runs trials of a search, one after the other in their order: each a fit of the job with parameters of its own, measured
   * on the validation rows, without a model to keep. A trial that fails is told as failed, and the next one begins. Without
   * this method each trial is a call of `train`.
   * @throws TrainerFailedError when it failed before any trial could begin
   */
  trials?(job: TrialsJob, callbacks: TrialsCallbacks): Promise<void>;
  /** Makes ready what most jobs use, so that the first one need not wait for it. A worker that has started may call it. */
  warm?(): Promise<void>;
  /** Ends what is kept warm between jobs. The worker calls it when it has stopped. */
  close?(): Promise<void>;
}
