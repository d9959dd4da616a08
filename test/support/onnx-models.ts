import type { TensorSpec, TensorType } from '../../src/domain/model.js';
import type { Task } from '../../src/domain/task.js';
import type { Signature } from '../../src/inference/tensor.js';

/**
 * Small ONNX models, written byte by byte (the format is Protocol Buffers), so that tests can have any model that they
 * need without Python and without binary files.
 */
export interface TestModel extends Signature {
  readonly onnx: Buffer;
  /** Absent: binary. */
  readonly task?: Task;
}

const ELEMENT: Readonly<Record<TensorType, number>> = { FP32: 1, INT32: 6, INT64: 7, BYTES: 8, BOOL: 9, FP64: 11 };

export interface BinaryModelOptions {
  /** Weight of each number feature. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Weight of each value of each text feature; others count 0. */
  readonly texts?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly bias?: number;
}

/**
 * A logistic regression with the signature of Perennial's binary models: a `[-1, 1]` input a feature, outputs `label` and
 * `probabilities`. The probability of true is the logistic function of the sum of weights and bias.
 */
export function binaryModel({ weights = {}, texts = {}, bias = 0 }: BinaryModelOptions): TestModel {
  const textNames = Object.keys(texts);
  const numberNames = Object.keys(weights);
  const names = [...textNames, ...numberNames];
  const inputs: TensorSpec[] = names.map((name) => ({
    name,
    datatype: textNames.includes(name) ? 'BYTES' : 'FP32',
    shape: [-1, 1],
  }));
  const outputs: TensorSpec[] = [
    { name: 'label', datatype: 'INT64', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
  ];
  const columns = names.map((name) => (textNames.includes(name) ? `encoded ${name}` : name));
  const matrix = names.flatMap((name) => [0, weights[name] ?? 1]);
  const nodes = [
    ...textNames.map((name) => labelEncoder(name, `encoded ${name}`, texts[name] ?? {})),
    node('Concat', columns, ['row'], [intAttribute('axis', 1)]),
    node('Gemm', ['row', 'W', 'B'], ['scores']),
    node('Softmax', ['scores'], ['probabilities'], [intAttribute('axis', 1)]),
    node('ArgMax', ['probabilities'], ['label'], [intAttribute('axis', 1), intAttribute('keepdims', 0)]),
  ];
  const constants = [floatTensor('W', [names.length, 2], matrix), floatTensor('B', [2], [0, bias])];
  return { inputs, outputs, onnx: model(nodes, inputs, outputs, constants) };
}

/**
 * A softmax regression with the signature of Perennial's multiclass models; `weights` of a feature and `bias` have one entry
 * a class.
 */
export function multiclassModel(
  classes: readonly string[],
  {
    weights,
    bias = classes.map(() => 0),
  }: { readonly weights: Readonly<Record<string, readonly number[]>>; readonly bias?: readonly number[] },
): TestModel {
  const names = Object.keys(weights);
  const inputs: TensorSpec[] = names.map((name) => ({ name, datatype: 'FP32', shape: [-1, 1] }));
  const outputs: TensorSpec[] = [
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, classes.length] },
  ];
  const numbers = [text(1, 'keys_int64s'), ...classes.map((_, index) => number(8, index)), number(20, 7)];
  const values = [text(1, 'values_strings'), ...classes.map((name) => text(9, name)), number(20, 8)];
  const nodes = [
    node('Concat', names, ['row'], [intAttribute('axis', 1)]),
    node('Gemm', ['row', 'W', 'B'], ['scores']),
    node('Softmax', ['scores'], ['probabilities'], [intAttribute('axis', 1)]),
    node('ArgMax', ['probabilities'], ['number'], [intAttribute('axis', 1), intAttribute('keepdims', 0)]),
    node('LabelEncoder', ['number'], ['label'], [numbers, values], 'ai.onnx.ml'),
  ];
  const matrix = names.flatMap((name) => [...(weights[name] ?? [])]);
  const constants = [
    floatTensor('W', [names.length, classes.length], matrix),
    floatTensor('B', [classes.length], [...bias]),
  ];
  return { inputs, outputs, onnx: model(nodes, inputs, outputs, constants), task: { kind: 'multiclass', classes } };
}

/** A linear regression with the signature of Perennial's regression models. */
export function regressionModel(weights: Readonly<Record<string, number>>, bias = 0): TestModel {
  const names = Object.keys(weights);
  const inputs: TensorSpec[] = names.map((name) => ({ name, datatype: 'FP32', shape: [-1, 1] }));
  const outputs: TensorSpec[] = [{ name: 'value', datatype: 'FP32', shape: [-1, 1] }];
  const nodes = [node('Concat', names, ['row'], [intAttribute('axis', 1)]), node('Gemm', ['row', 'W', 'B'], ['value'])];
  const constants = [floatTensor('W', [names.length, 1], Object.values(weights)), floatTensor('B', [1], [bias])];
  return { inputs, outputs, onnx: model(nodes, inputs, outputs, constants), task: { kind: 'regression' } };
}

/** Gives every input back: `in_fp32` as `out_fp32` and so on, one a datatype, each `[-1, 2]`. */
export function echoModel(
  types: readonly TensorType[] = ['BOOL', 'INT32', 'INT64', 'FP32', 'FP64', 'BYTES'],
): TestModel {
  const inputs = types.map((type): TensorSpec => ({
    name: `in_${type.toLowerCase()}`,
    datatype: type,
    shape: [-1, 2],
  }));
  const outputs = inputs.map((spec) => ({ ...spec, name: spec.name.replace('in_', 'out_') }));
  const nodes = inputs.map((spec, index) => node('Identity', [spec.name], [outputs[index]?.name ?? '']));
  return { inputs, outputs, onnx: model(nodes, inputs, outputs) };
}

/** A model of one node on one `[-1, 2]` input `x`, output `probabilities`. */
export function oneNodeModel(operator: string, domain = ''): TestModel {
  const inputs: TensorSpec[] = [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }];
  const outputs: TensorSpec[] = [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 2] }];
  return { inputs, outputs, onnx: model([node(operator, ['x'], ['probabilities'], [], domain)], inputs, outputs) };
}

/** A model whose weights are said to be in another file. */
export function externalDataModel(location: string): TestModel {
  const inputs: TensorSpec[] = [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }];
  const outputs: TensorSpec[] = [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 2] }];
  const entry = message(13, [text(1, 'location'), text(2, location)]);
  const constant = [number(1, 2), number(2, ELEMENT.FP32), text(8, 'W'), entry, number(14, 1)];
  const nodes = [node('Mul', ['x', 'W'], ['probabilities'])];
  return { inputs, outputs, onnx: model(nodes, inputs, outputs, [constant]) };
}

type Field = Buffer;

function model(
  nodes: Field[][],
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  constants: Field[][] = [],
): Buffer {
  const graph = [
    ...nodes.map((fields) => message(1, fields)),
    text(2, 'test'),
    ...constants.map((fields) => message(5, fields)),
    ...inputs.map((spec) => message(11, valueInfo(spec))),
    ...outputs.map((spec) => message(12, valueInfo(spec))),
  ];
  const opsets = [message(8, [text(1, ''), number(2, 21)]), message(8, [text(1, 'ai.onnx.ml'), number(2, 3)])];
  return Buffer.concat([number(1, 10), text(2, 'perennial-test'), message(7, graph), ...opsets]);
}

function node(operator: string, inputs: string[], outputs: string[], attributes: Field[][] = [], domain = ''): Field[] {
  return [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, operator),
    ...attributes.map((fields) => message(5, fields)),
    text(7, domain),
  ];
}

function labelEncoder(input: string, output: string, values: Readonly<Record<string, number>>): Field[] {
  const keys = [text(1, 'keys_strings'), ...Object.keys(values).map((key) => text(9, key)), number(20, 8)];
  const floats = [text(1, 'values_floats'), ...Object.values(values).map((value) => float(7, value)), number(20, 6)];
  const fallback = [text(1, 'default_float'), float(2, 0), number(20, 1)];
  return node('LabelEncoder', [input], [output], [keys, floats, fallback], 'ai.onnx.ml');
}

function intAttribute(name: string, value: number): Field[] {
  return [text(1, name), number(3, value), number(20, 2)];
}

function floatTensor(name: string, shape: number[], values: number[]): Field[] {
  const raw = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => raw.writeFloatLE(value, index * 4));
  return [...shape.map((size) => number(1, size)), number(2, ELEMENT.FP32), text(8, name), bytes(9, raw)];
}

function valueInfo({ name, datatype, shape }: TensorSpec): Field[] {
  const sizes = shape.map((size) => message(1, size === -1 ? [text(2, 'rows')] : [number(1, size)]));
  const tensor = message(1, [number(1, ELEMENT[datatype]), message(2, sizes)]);
  return [text(1, name), message(2, [tensor])];
}

function message(field: number, fields: Field[]): Field {
  return bytes(field, Buffer.concat(fields));
}

function text(field: number, value: string): Field {
  return bytes(field, Buffer.from(value));
}

function bytes(field: number, value: Buffer): Field {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
}

function number(field: number, value: number): Field {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function float(field: number, value: number): Field {
  const raw = Buffer.alloc(4);
  raw.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), raw]);
}

function varint(value: number): Buffer {
  const result: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) result.push((rest % 128) | 128);
  return Buffer.from([...result, rest]);
}
