import type { TensorSpec, TensorType } from '../domain/model.js';
import { InputRefusedError } from '../errors.js';
import type { TensorData, TensorValues } from './tensor.js';

/** One feature's values, a row each, as the data engine gives them. */
export type ColumnValues = TensorValues | readonly (string | number | bigint | boolean | null | undefined)[];

/**
 * Rows `from` to `to` of a column as the `[rows, 1]` tensor that a model's input wants. Never shares the column's memory.
 *
 * @throws {InputRefusedError} see {@link tensorValues}
 */
export function columnTensor(spec: TensorSpec, values: ColumnValues, from: number, to: number): TensorData {
  return { datatype: spec.datatype, shape: [to - from, 1], data: tensorValues(spec, values, from, to) };
}

/**
 * Values as an input of a model takes them. One that is not there is NaN for floating-point inputs and the empty text for
 * texts: what the trainer sees for missing values.
 *
 * @throws {InputRefusedError} for a value that the input cannot take, naming input and position (from 0)
 */
export function tensorValues(
  spec: TensorSpec,
  values: TensorValues | readonly unknown[],
  from = 0,
  to = values.length,
): TensorValues {
  const { datatype } = spec;
  if (datatype === 'BYTES') {
    const texts: string[] = [];
    for (let at = from; at < to; at++) texts.push(text(spec, values[at], at));
    return texts;
  }
  const kind = ARRAYS[datatype];
  if (values instanceof kind) return values.slice(from, to);
  if (datatype === 'FP32' && values instanceof Float64Array) return Float32Array.from(values.subarray(from, to));
  const convert = CONVERT[datatype];
  const result = new kind(to - from);
  for (let at = from; at < to; at++) {
    const converted = convert(values[at]);
    if (converted === undefined) throw refused(spec, values[at], at);
    // The array was chosen by the same datatype, so it takes what the datatype's conversion gives.
    result[at - from] = converted as never;
  }
  return result;
}

const ARRAYS = { BOOL: Uint8Array, INT32: Int32Array, INT64: BigInt64Array, FP32: Float32Array, FP64: Float64Array };

const CONVERT: Readonly<Record<Exclude<TensorType, 'BYTES'>, (value: unknown) => number | bigint | undefined>> = {
  BOOL: (value) => (value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined),
  INT32: (value) => whole(value, -(2 ** 31), 2 ** 31 - 1),
  INT64: (value) => {
    if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : undefined;
    // Beyond 2^53 a number may already be another one than was written.
    const number = whole(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return number === undefined ? undefined : BigInt(number);
  },
  FP32: (value) => {
    const number = float(value);
    return number !== undefined && Number.isFinite(number) && !Number.isFinite(Math.fround(number))
      ? undefined
      : number;
  },
  FP64: float,
};

const WANTED: Readonly<Record<TensorType, string>> = {
  BOOL: 'true or false',
  INT32: 'a whole number of 32 bits',
  INT64: 'a whole number between -(2^53 - 1) and 2^53 - 1, beyond which JSON numbers are not exact',
  FP32: 'a number that fits into 32 bits',
  FP64: 'a number',
  BYTES: 'a text',
};

function text(spec: TensorSpec, value: unknown, at: number): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  throw refused(spec, value, at);
}

function whole(value: unknown, min: number, max: number): number | undefined {
  const number = typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max ? number : undefined;
}

function float(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === null || value === undefined) return Number.NaN;
  return typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : undefined;
}

function refused(spec: TensorSpec, value: unknown, at: number): InputRefusedError {
  const found = describe(value);
  return new InputRefusedError(
    `Cannot run the model: input "${spec.name}" is ${found} at position ${at}, want ${WANTED[spec.datatype]}`,
    { details: { input: spec.name, position: at } },
  );
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (value === null || value === undefined) return 'not there';
  return typeof value === 'object' ? 'a list or an object' : `${value as number | bigint | boolean}`;
}
