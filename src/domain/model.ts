import type { Ref, Sha256 } from './artifact.js';

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
  /** `label` and `probabilities` (`[-1, 2]`, false then true). */
  readonly outputs: readonly TensorSpec[];
  readonly spec: Sha256;
  readonly split: Sha256;
  readonly trainer: {
    readonly kind: string;
    readonly estimator: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly seed: number;
    /** Library versions as the trainer reported them. */
    readonly versions: Readonly<Record<string, string>>;
  };
  /** What the trainer measured on the validation rows; never used by a gate. */
  readonly trainerMetrics: Readonly<Record<string, number>>;
}
