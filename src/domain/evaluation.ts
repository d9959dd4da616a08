import type { Sha256 } from './artifact.js';

/** The metrics that evaluations know. `auc` and `accuracy` are better when higher, `brier` and `logLoss` when lower. */
export type MetricName = 'auc' | 'brier' | 'logLoss' | 'accuracy';

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
}

/** Candidate, champion and trivial baseline on the same rows: `manifests/evaluation/<digest>.json`. */
export interface Evaluation {
  readonly kind: 'evaluation';
  readonly schemaVersion: 1;
  readonly model: string;
  readonly split: Sha256;
  readonly rows: number;
  readonly positives: number;
  /** Number of blocks that were resampled. */
  readonly blocks: number;
  readonly resamples: number;
  readonly confidence: number;
  readonly seed: number;
  readonly candidate: ModelEvaluation;
  readonly champion?: ModelEvaluation;
  /** In place of `champion` when these rows cannot be given to it, for example since a column has gone. */
  readonly championUnscored?: UnscoredModel;
  /** The trivial model: always the training rows' share of true labels. */
  readonly baseline: { readonly positiveShare: number; readonly metrics: Metrics };
  /** Candidate minus champion, paired: resampled together, block by block. */
  readonly difference?: Metrics;
  /** Candidate minus baseline, paired. */
  readonly skill: Metrics;
}
