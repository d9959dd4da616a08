import type { Ref, Sha256 } from './artifact.js';
import type { Task } from './task.js';

/** Data types of tensors, in the words of the Open Inference Protocol v2. */
export type TensorType = 'BOOL' | 'INT32' | 'INT64' | 'FP32' | 'FP64' | 'BYTES';

/** One input or output of a model. `-1` in a shape is the number of rows. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: TensorType;
  readonly shape: readonly number[];
}

/** A trained model with all that is needed to serve and explain it: `manifests/bundle/<digest>.json`. */
export interface ModelBundle {
  readonly kind: 'bundle';
  readonly schemaVersion: 1;
  readonly model: string;
  /** model.onnx, preprocessing inside. */
  readonly onnx: Ref;
  /** One `[-1, 1]` input a feature, in the spec's order of features. */
  readonly inputs: readonly TensorSpec[];
  /**
   * Binary: `label` and `probabilities` (`[-1, 2]`, false then true). Multiclass: `label`, the class as text, and
   * `probabilities`, a column a class. Regression: `value` (`[-1, 1]`).
   */
  readonly outputs: readonly TensorSpec[];
  /** Absent: binary. */
  readonly task?: Task;
  readonly spec: Sha256;
  readonly split: Sha256;
  readonly trainer: {
    readonly kind: string;
    readonly estimator: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly seed: number;
    /** Of the numerical libraries; absent where the user's own program chooses. */
    readonly threads?: number;
    /** Library versions as the trainer reported them. */
    readonly versions: Readonly<Record<string, string>>;
    /** Digest of the code bundle, when the spec has one. */
    readonly code?: Sha256;
    /** Digest of the lock file in it, when what it names was installed. */
    readonly lock?: Sha256;
    /** Version of the Python that its environment has. */
    readonly python?: string;
    /** With `trainer.warmStart`: rounds of trees in all. */
    readonly trees?: number;
    /** The bundle of the champion whose trees it went on from. */
    readonly warmedBy?: Sha256;
    /** Why it went on from nobody's trees although it was to. */
    readonly beganAnew?: string;
    /** Where it trained; nobody knows of a machine that has no worker of ours. */
    readonly machine?: Machine;
    /** Digest of the container image, when `PERENNIAL_IMAGE` of the worker says it. */
    readonly image?: string;
  };
  /** Metrics at each step as the trainer said them: Parquet with the columns step, metric and value. */
  readonly points?: Ref;
  /** A checkpoint from which a training to come can go on: with `trainer.warmStart`. */
  readonly state?: Ref;
  /** What the trainer measured on the validation rows; never used by a gate. */
  readonly trainerMetrics: Readonly<Record<string, number>>;
}

/** What a machine is, as far as it may decide the last digits of a model. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly cpuModel: string;
  /** Digest of the flags of the processor. */
  readonly cpuFeatures: Sha256;
  readonly node: string;
  readonly osRelease: string;
}
