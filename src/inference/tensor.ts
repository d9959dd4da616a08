import type { TensorSpec, TensorType } from '../domain/model.js';
import { InputRefusedError } from '../errors.js';

/** The values of a tensor, row after row: booleans as 0 and 1, texts as an array. */
export type TensorValues = Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array | readonly string[];

export interface TensorData {
  readonly datatype: TensorType;
  readonly shape: readonly number[];
  readonly data: TensorValues;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, TensorData>>;

/** What a model takes and gives. */
export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * Checks that tensors are the inputs of a model: all of them and no other, of the right types and shapes, and with the
 * same number of rows. Returns that number.
 *
 * @throws {InputRefusedError} naming the input, what was found and what is wanted
 */
export function checkInputs(inputs: readonly TensorSpec[], tensors: Tensors): number {
  const unknown = Object.keys(tensors).find((name) => !inputs.some((spec) => spec.name === name));
  if (unknown !== undefined) {
    throw refused(`found input "${unknown}", the model takes ${inputs.map(({ name }) => `"${name}"`).join(', ')}`);
  }
  let rows: number | undefined;
  for (const spec of inputs) {
    const tensor = Object.hasOwn(tensors, spec.name) ? tensors[spec.name] : undefined;
    if (!tensor) throw refused(`input "${spec.name}" is missing`);
    checkTensor(spec, tensor);
    if (spec.shape[0] !== -1) continue;
    const found = tensor.shape[0] ?? 0;
    if (found === 0) throw refused(`input "${spec.name}" has no rows`);
    if (rows !== undefined && found !== rows) {
      throw refused(`input "${spec.name}" has ${found} rows, the inputs before it have ${rows}`);
    }
    rows = found;
  }
  return rows ?? 1;
}

function checkTensor(spec: TensorSpec, { datatype, shape, data }: TensorData): void {
  if (datatype !== spec.datatype) {
    throw refused(`input "${spec.name}" has datatype ${datatype}, want ${spec.datatype}`);
  }
  const fits =
    shape.length === spec.shape.length && spec.shape.every((size, axis) => size === -1 || size === shape[axis]);
  if (!fits) throw refused(`input "${spec.name}" has shape [${shape.join(',')}], want [${spec.shape.join(',')}]`);
  const count = elementCount(shape);
  if (count !== data.length) {
    throw refused(`input "${spec.name}" has ${data.length} values, its shape [${shape.join(',')}] wants ${count}`);
  }
}

/** How many values a shape holds; NaN for one that no tensor can have. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return Number.NaN;
    count *= size;
  }
  return Number.isSafeInteger(count) ? count : Number.NaN;
}

/** The memory behind tensors that can be handed to a thread instead of being copied. */
export function transferables(tensors: Iterable<TensorData>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { data } of tensors) {
    if (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) buffers.add(data.buffer);
  }
  return [...buffers];
}

function refused(what: string): InputRefusedError {
  return new InputRefusedError(`Cannot run the model: ${what}`, {
    fix: 'Compare the request with the inputs in the metadata of the model.',
  });
}
