import type { Sha256 } from './artifact.js';
import type { Task } from './task.js';

/**
 * The metrics that evaluations know; `src/domain/metric-facts.ts` says which belong to which task and which way they run.
 * `brier` of a multiclass task is the sum over its classes.
 */
export type MetricName = 'auc' | 'brier' | 'logLoss' | 'accuracy' | 'rmse' | 'mae' | 'r2';

/** A value with its confidence interval (percentile block bootstrap unless said otherwise). */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export type Metrics = Readonly<Partial<Record<MetricName, Estimate>>>;

/** One model on the test rows. */
export interface ModelEvaluation {
  readonly bundle: Sha256;
  /** Set when the model has a version in the ledger. */
  readonly version?: number;
  readonly metrics: Metrics;
}

/** A model that could not be scored on the test rows. */
export interface UnscoredModel {
  readonly version: number;
  readonly bundle: Sha256;
  /** Half a sentence that names the input: `its input "price" is not in the training table any more`. */
  readonly reason: string;
  /** Set when it predicts something else than the spec asks for now: no column of the table would help. */
  readonly otherTask?: true;
}

/** The trivial model: what it always answers, by what the training rows were like. */
export type Baseline =
  /** Binary: their share of true labels. */
  | { readonly positiveShare: number }
  /** Multiclass: their share of each class, in the order of the task's classes. */
  | { readonly classShares: readonly number[] }
  /** Regression: the mean of their labels. */
  | { readonly mean: number };

/** Candidate, champion and trivial baseline on the same rows: `manifests/evaluation/<digest>.json`. */
export interface Evaluation {
  readonly kind: 'evaluation';
  readonly schemaVersion: 1;
  readonly model: string;
  readonly split: Sha256;
  /**
   * Absent: binary. The classes of a multiclass task are those of the training rows and, behind them, those that only the
   * champion knows.
   */
  readonly task?: Task;
  readonly rows: number;
  /** Of a binary task: rows with a true label. */
  readonly positives?: number;
  /** Of a multiclass task: rows of each class. What is missing to `rows` are rows of classes that no model knows. */
  readonly classRows?: readonly number[];
  /** Number of blocks that were resampled. */
  readonly blocks: number;
  readonly resamples: number;
  readonly confidence: number;
  readonly seed: number;
  readonly candidate: ModelEvaluation;
  readonly champion?: ModelEvaluation;
  /** In place of `champion` when these rows cannot be given to it, for example since a column has gone. */
  readonly championUnscored?: UnscoredModel;
  readonly baseline: Baseline & { readonly metrics: Metrics };
  /** Candidate minus champion, paired: resampled together, block by block. */
  readonly difference?: Metrics;
  /** Candidate minus baseline, paired. */
  readonly skill: Metrics;
}
