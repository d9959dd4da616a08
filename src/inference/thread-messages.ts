import type { Task } from '../domain/task.js';
import type { Signature, TensorData } from './tensor.js';

/** What the inference thread can be asked for. Models are numbered by the asking side. */
export type ThreadRequest =
  | { readonly kind: 'load'; readonly model: number; readonly bytes: Uint8Array }
  | { readonly kind: 'run'; readonly model: number; readonly inputs: NamedTensors; readonly outputs: readonly string[] }
  | { readonly kind: 'score'; readonly model: number; readonly inputs: NamedTensors; readonly task: Task }
  | { readonly kind: 'unload'; readonly model: number };

/** Pairs, not an object: a name such as `__proto__` is a name like any other. */
export type NamedTensors = readonly (readonly [name: string, tensor: TensorData])[];

export interface ThreadAnswers {
  readonly load: Signature;
  readonly run: NamedTensors;
  /** What is measured, row after row: see `outputs/index.ts`. */
  readonly score: Float64Array<ArrayBuffer>;
  readonly unload: undefined;
}

export type ThreadAnswer =
  | { readonly id: number; readonly value: ThreadAnswers[keyof ThreadAnswers] }
  /** `problem` is what follows a colon: it says what is wrong with the model. */
  | { readonly id: number; readonly problem: string };
