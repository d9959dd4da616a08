import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { TensorSpec, TensorType } from '../domain/model.js';
import type { Task } from '../domain/task.js';
import { scoredOutput } from './outputs/index.js';
import { transferables, type Signature, type TensorData } from './tensor.js';
import type { NamedTensors, ThreadAnswer, ThreadAnswers, ThreadRequest } from './thread-messages.js';

/**
 * The thread that runs ONNX models: `run` of the runtime blocks, so it must not sit on an event loop that others need.
 * It answers requests one after the other, in their order; a model is therefore never unloaded under a run.
 */
const sessions = new Map<number, InferenceSession>();

const TYPES: Readonly<Record<string, TensorType>> = {
  bool: 'BOOL',
  int32: 'INT32',
  int64: 'INT64',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};

const port = parentPort;
if (!port) throw new Error('Cannot start the inference thread: this module is run as a worker thread');

let turn = Promise.resolve();
port.on('message', ({ id, request }: { id: number; request: ThreadRequest }) => {
  turn = turn.then(async () => {
    const answer = await answerTo(id, request);
    port.postMessage(answer, 'value' in answer ? movable(answer.value) : []);
  });
});

async function answerTo(id: number, request: ThreadRequest): Promise<ThreadAnswer> {
  try {
    return { id, value: await handle(request) };
  } catch (error) {
    return { id, problem: error instanceof Error ? error.message : String(error) };
  }
}

function handle(request: ThreadRequest): Promise<ThreadAnswers[keyof ThreadAnswers]> {
  switch (request.kind) {
    case 'load':
      return load(request.model, request.bytes);
    case 'run':
      return run(request.model, request.inputs, request.outputs);
    case 'score':
      return score(request.model, request.inputs, request.task);
    case 'unload':
      return unload(request.model);
  }
}

async function load(model: number, bytes: Uint8Array): Promise<Signature> {
  // From bytes, never from a path: the runtime then refuses models that want to read other files.
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Problems come as errors; the runtime's own log would land on stderr in a form of its own.
    logSeverityLevel: 4,
  });
  try {
    const signature = { inputs: session.inputMetadata.map(specOf), outputs: session.outputMetadata.map(specOf) };
    sessions.set(model, session);
    return signature;
  } catch (error) {
    await session.release();
    throw error;
  }
}

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor) throw new Error(`"${metadata.name}" is not a tensor`);
  const datatype = TYPES[metadata.type];
  if (!datatype)
    throw new Error(`"${metadata.name}" has type ${metadata.type}, want one of ${Object.keys(TYPES).join(', ')}`);
  return { name: metadata.name, datatype, shape: metadata.shape.map((size) => (typeof size === 'number' ? size : -1)) };
}

async function run(model: number, inputs: NamedTensors, outputs: readonly string[]): Promise<NamedTensors> {
  const results = await runSession(model, inputs, outputs);
  return outputs.map((name) => {
    const tensor = tensorOf(name, results[name]);
    const bad = firstNotFinite(tensor.data);
    if (bad >= 0) throw new Error(`output "${name}" is ${String(tensor.data[bad])} at position ${bad}`);
    return [name, tensor] as const;
  });
}

/** Only what is measured goes back, as doubles. */
async function score(model: number, inputs: NamedTensors, task: Task): Promise<Float64Array<ArrayBuffer>> {
  const output = scoredOutput(task);
  return output.read(tensorOf(output.name, (await runSession(model, inputs, [output.name]))[output.name]));
}

async function unload(model: number): Promise<undefined> {
  const session = sessions.get(model);
  sessions.delete(model);
  await session?.release();
  return undefined;
}

function runSession(
  model: number,
  inputs: NamedTensors,
  outputs: readonly string[],
): Promise<InferenceSession.OnnxValueMapType> {
  const session = sessions.get(model);
  if (!session) throw new Error('it was closed');
  const feeds = Object.create(null) as Record<string, Tensor>;
  for (const [name, { datatype, data, shape }] of inputs) feeds[name] = ortTensor(datatype, data, shape);
  return session.run(feeds, outputs);
}

function ortTensor(datatype: TensorType, data: TensorData['data'], shape: readonly number[]): Tensor {
  const type = Object.keys(TYPES).find((key) => TYPES[key] === datatype);
  // The runtime's constructor is overloaded by type; that data and type fit was checked before they were sent.
  return new Tensor(type as 'float32', data as Float32Array, shape);
}

function tensorOf(name: string, value: InferenceSession.OnnxValueMapType[string] | undefined): TensorData {
  if (!value || !('data' in value)) throw new Error(`output "${name}" is not a tensor`);
  const datatype = TYPES[value.type];
  if (!datatype) throw new Error(`output "${name}" has type ${value.type}`);
  // By the types of TYPES, it is one of the arrays of TensorValues.
  return { datatype, shape: value.dims, data: value.data as TensorData['data'] };
}

function firstNotFinite(data: TensorData['data']): number {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return -1;
  return data.findIndex((value) => !Number.isFinite(value));
}

function movable(value: ThreadAnswers[keyof ThreadAnswers]): ArrayBuffer[] {
  if (value instanceof Float64Array) return [value.buffer];
  return Array.isArray(value) ? transferables((value as NamedTensors).map(([, tensor]) => tensor)) : [];
}
