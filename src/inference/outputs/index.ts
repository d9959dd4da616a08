import type { TensorSpec } from '../../domain/model.js';
import type { Task, TaskKind } from '../../domain/task.js';
import { ModelUnusableError } from '../../errors.js';
import type { TensorData } from '../tensor.js';
import { binary } from './binary.js';
import { multiclass } from './multiclass.js';
import { regression } from './regression.js';
import type { TaskOutputs } from './task-outputs.js';

const kinds: { readonly [Kind in TaskKind]: TaskOutputs<Kind> } = { binary, multiclass, regression };

/** What of the outputs of a task's models is measured. */
export interface ScoredOutput {
  readonly name: string;
  /** Numbers that are kept of each row. */
  readonly kept: number;
  /**
   * The numbers that are kept, row after row.
   *
   * @throws an `Error` that says what is wrong with the output
   */
  read(tensor: TensorData): Float64Array<ArrayBuffer>;
}

/** The output by which models of a task are measured. */
export function scoredOutput(task: Task): ScoredOutput {
  const outputs = kinds[task.kind] as TaskOutputs; // of this very task
  const { scored: name } = outputs;
  const [width, kept] = [outputs.width(task), outputs.kept(task)];
  return {
    name,
    kept,
    read({ shape, data }) {
      const [rows = 0] = shape;
      if (shape.length !== 2 || shape[1] !== width) {
        throw new Error(`output "${name}" has shape [${shape.join(',')}], want [rows,${width}]`);
      }
      if (!(data instanceof Float32Array || data instanceof Float64Array)) {
        throw new Error(`output "${name}" does not hold floating-point numbers`);
      }
      const numbers = new Float64Array(rows * kept);
      for (let row = 0; row < rows; row++) {
        try {
          outputs.read(data, row * width, numbers, row * kept, width);
        } catch (error) {
          throw new Error(`output "${name}" ${(error as Error).message}`, { cause: error }); // `read` throws Errors
        }
      }
      return numbers;
    },
  };
}

/**
 * Checks that a model has the outputs that its task wants; it may have others beside them.
 *
 * @throws {ModelUnusableError} naming every output that is not as wanted
 */
export function checkOutputs(task: Task, found: readonly TensorSpec[]): void {
  const wanted = (kinds[task.kind] as TaskOutputs).wanted(task);
  const problems = wanted.flatMap((spec) => {
    const output = found.find(({ name }) => name === spec.name);
    if (output && fits(spec, output)) return [];
    return [`${described(spec)} is wanted, ${output ? `it has ${described(output)}` : 'it has none of that name'}`];
  });
  if (problems.length === 0) return;
  throw new ModelUnusableError(`Cannot use the model for a ${task.kind} task: ${problems.join('; ')}`, {
    fix: `Let the trainer export a model with ${wanted.map(described).join(' and ')}: see python/README.md.`,
    details: { task, wanted, found },
  });
}

function fits(wanted: TensorSpec, found: TensorSpec): boolean {
  const isFloat = wanted.datatype === 'FP32' && found.datatype === 'FP64';
  return (
    (found.datatype === wanted.datatype || isFloat) &&
    found.shape.length === wanted.shape.length &&
    wanted.shape.every((size, axis) => found.shape[axis] === -1 || found.shape[axis] === size)
  );
}

function described({ name, datatype, shape }: TensorSpec): string {
  return `output "${name}" ${datatype} [${shape.join(',')}]`;
}
