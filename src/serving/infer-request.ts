import { isUtf8 } from 'node:buffer';
import { tensorValues } from '../inference/columns.js';
import { elementCount, type Signature, type TensorData, type Tensors } from '../inference/tensor.js';
import type { TensorSpec } from '../domain/model.js';
import { RequestProblem } from './request-problem.js';

/** An inference request of the Open Inference Protocol v2, read and checked against a model's signature. */
export interface InferRequest {
  readonly id?: string;
  readonly inputs: Tensors;
  /** Names of the wanted outputs, in the order of the request; undefined for all. */
  readonly outputs?: readonly string[];
}

export interface InferLimits {
  /** Most rows of one request. */
  readonly maxRows: number;
}

/**
 * Reads the body of an inference request: JSON tensors, flat or nested, row after row. `null` stands for a value that is
 * missing (NaN, or the empty text). Whether all inputs are there is judged where the model runs.
 *
 * @throws {RequestProblem} 400 or 413, naming what was found and what is wanted
 * @throws {InputRefusedError} for a value that an input cannot take
 */
export function parseInferRequest(body: Buffer, signature: Signature, limits: InferLimits): InferRequest {
  const request = parseJson(body);
  if (!isObject(request)) throw bad('the body is not a JSON object');
  const { id, inputs, outputs } = request;
  if (id !== undefined && typeof id !== 'string') throw bad('"id" is not a text');
  if (!Array.isArray(inputs)) throw bad('"inputs" is not a list of tensors');
  const tensors = Object.create(null) as Record<string, TensorData>;
  for (const input of inputs as unknown[]) {
    const spec = specOf(input, signature.inputs);
    if (spec.name in tensors) throw bad(`input "${spec.name}" is given twice`);
    tensors[spec.name] = parseTensor(input as Record<string, unknown>, spec, limits);
  }
  const wanted = outputs === undefined ? undefined : parseOutputs(outputs, signature.outputs);
  return { inputs: tensors, ...(id === undefined ? {} : { id }), ...(wanted ? { outputs: wanted } : {}) };
}

function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw bad('the body is not UTF-8');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw bad('the body is not JSON');
  }
}

function specOf(input: unknown, specs: readonly TensorSpec[]): TensorSpec {
  if (!isObject(input) || typeof input['name'] !== 'string') throw bad('an input has no "name"');
  const spec = specs.find(({ name }) => name === input['name']);
  if (spec) return spec;
  throw bad(
    `found input ${quoted(input['name'])}, the model takes ${specs.map(({ name }) => quoted(name)).join(', ')}`,
  );
}

function parseTensor(input: Record<string, unknown>, spec: TensorSpec, limits: InferLimits): TensorData {
  const { datatype, shape, data, parameters } = input;
  if (isObject(parameters) && parameters['binary_data_size'] !== undefined) {
    throw bad(`input "${spec.name}" has binary data, this server takes JSON data`);
  }
  if (datatype !== spec.datatype) {
    throw bad(`input "${spec.name}" has datatype ${quoted(datatype)}, want "${spec.datatype}"`);
  }
  if (!isShape(shape)) throw bad(`input "${spec.name}" has no "shape": want a list of whole numbers from 0`);
  if (!Array.isArray(data)) throw bad(`input "${spec.name}" has no "data": want a list`);
  const count = elementCount(shape);
  // Checked before anything of that size is made.
  if ((spec.shape[0] === -1 && (shape[0] ?? 0) > limits.maxRows) || Number.isNaN(count)) {
    throw new RequestProblem(
      413,
      `Cannot infer: input "${spec.name}" has shape [${shape.join(',')}], want at most ${limits.maxRows} rows`,
    );
  }
  const values = shape.length > 1 && Array.isArray(data[0]) ? flattened(data, shape, spec.name) : data;
  if (values.length !== count) {
    throw bad(`input "${spec.name}" has ${values.length} values, its shape [${shape.join(',')}] wants ${count}`);
  }
  return { datatype: spec.datatype, shape, data: tensorValues(spec, values) };
}

/** Goes no deeper than the shape, so that no request can exhaust the stack. */
function flattened(data: readonly unknown[], shape: readonly number[], name: string): unknown[] {
  let level: unknown[] = [data];
  for (const size of shape) {
    const next: unknown[] = [];
    for (const item of level) {
      if (!Array.isArray(item) || item.length !== size)
        throw bad(`the nested data of input "${name}" does not have shape [${shape.join(',')}]`);
      for (const member of item as unknown[]) next.push(member);
    }
    level = next;
  }
  return level;
}

function parseOutputs(outputs: unknown, specs: readonly TensorSpec[]): string[] | undefined {
  if (!Array.isArray(outputs)) throw bad('"outputs" is not a list');
  const names = outputs.map((output: unknown) => {
    if (!isObject(output) || typeof output['name'] !== 'string') throw bad('an output has no "name"');
    const { name } = output;
    if (specs.some((spec) => spec.name === name)) return name;
    throw bad(`found output ${quoted(name)}, the model gives ${specs.map((spec) => quoted(spec.name)).join(', ')}`);
  });
  if (new Set(names).size !== names.length) throw bad('an output is asked for twice');
  // The protocol: an empty list asks for nothing in particular.
  return names.length === 0 ? undefined : names;
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 16 && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : `a ${typeof value}`;
}

function bad(what: string): RequestProblem {
  return new RequestProblem(400, `Cannot infer: ${what}`);
}
