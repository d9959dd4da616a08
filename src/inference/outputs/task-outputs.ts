import type { Task, TaskKind } from '../../domain/task.js';
import type { TensorSpec } from '../../domain/model.js';

/** The outputs of the models of one kind of task. */
export interface TaskOutputs<Kind extends TaskKind = TaskKind> {
  /** The output that holds what is measured. */
  readonly scored: string;
  /** Numbers of a row in it, and in what `read` gives of it. */
  width(task: Extract<Task, { kind: Kind }>): number;
  kept(task: Extract<Task, { kind: Kind }>): number;
  /** All outputs that a model must have. */
  wanted(task: Extract<Task, { kind: Kind }>): readonly TensorSpec[];
  /**
   * Writes the numbers of one row to `into`, at `at`.
   *
   * @param found where the row's numbers stand in the output, `width` of them from `from`
   * @throws an `Error` that says what is wrong with the numbers
   */
  read(found: Float32Array | Float64Array, from: number, into: Float64Array, at: number, width: number): void;
}

/** A probability as it should be: a sum of floats may end a hair outside. */
export function probability(value: number | undefined): number {
  if (value !== undefined && value >= -1e-6 && value <= 1 + 1e-6) return Math.min(1, Math.max(0, value));
  throw new Error(`is ${value} in a row, want a probability`);
}
