import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InputRefusedError, ModelUnusableError } from '../../../src/errors.js';
import { InferenceThread } from '../../../src/inference/inference-thread.js';
import { OnnxModel, type LoadOptions } from '../../../src/inference/onnx-model.js';
import type { TensorData } from '../../../src/inference/tensor.js';
import { binaryModel, echoModel, externalDataModel, oneNodeModel } from '../../support/onnx-models.js';

let thread: InferenceThread;
const models: OnnxModel[] = [];

beforeAll(() => {
  thread = new InferenceThread();
});

afterEach(async () => {
  await Promise.all(models.splice(0).map((model) => model.close()));
});

afterAll(() => thread.close());

async function load(source: Uint8Array | string, options: LoadOptions = {}): Promise<OnnxModel> {
  const model = await OnnxModel.load(source, { thread, ...options });
  models.push(model);
  return model;
}

const floats = (...values: number[]): TensorData => ({
  datatype: 'FP32',
  shape: [values.length, 1],
  data: Float32Array.from(values),
});
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

describe('OnnxModel.load', () => {
  it('says what the model takes and gives', async () => {
    const { onnx, inputs, outputs } = binaryModel({ weights: { age: 1 }, texts: { origin: { A: 1 } } });
    const model = await load(onnx);
    expect(model.signature).toEqual({ inputs, outputs });
    expect(model.usable).toBe(true);
  });

  it('loads a file too, and runs without a thread that others share', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onnx-'));
    try {
      const file = join(folder, 'model.onnx');
      await writeFile(file, binaryModel({ weights: { age: 1 } }).onnx);
      const model = await OnnxModel.load(file);
      expect(Array.from(await model.score({ age: [0] }))).toEqual([0.5]);
      await model.close();
      expect(model.usable).toBe(false);
      await expect(model.score({ age: [0] })).rejects.toThrow('the inference thread has ended');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const good = binaryModel({ weights: { age: 1 } }).onnx;
  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['garbage', Buffer.from('this is no model at all, only a text')],
    ['a truncated model', good.subarray(0, good.length - 40)],
    ['an unknown operator', oneNodeModel('NoSuchOperator').onnx],
    ['an operator of an unknown domain', oneNodeModel('Identity', 'com.example').onnx],
    ['a model that wants another file', externalDataModel('weights.bin').onnx],
    ['a model that wants a file outside', externalDataModel('../../etc/passwd').onnx],
  ])('refuses %s', async (_, bytes) => {
    const refusal = load(bytes);
    await expect(refusal).rejects.toThrow(ModelUnusableError);
    await expect(refusal).rejects.toMatchObject({
      fix: expect.stringContaining('onnx.checker.check_model') as unknown,
    });
  });

  it('refuses a file over the limit', async () => {
    await expect(load(good, { maxBytes: 100 })).rejects.toMatchObject({
      message: `Cannot load the model: it has ${good.length} bytes, the limit is 100`,
      fix: expect.stringContaining('make a smaller model') as unknown,
    });
  });

  it('refuses a model that does not fit its signature, and names every difference', async () => {
    const other = binaryModel({ weights: { age: 1, income: 1 } });
    const declared = {
      inputs: [
        { name: 'age', datatype: 'FP64', shape: [-1, 1] } as const,
        ...binaryModel({ texts: { city: {} } }).inputs,
      ],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3] } as const],
    };
    await expect(load(other.onnx, { signature: declared })).rejects.toThrow(
      'Cannot use the model: it does not fit its signature: ' +
        'input "age" FP64 [-1,1] is declared, the model has "age" FP32 [-1,1]; ' +
        'input "city" BYTES [-1,1] is declared, the model has none of that name; ' +
        'output "probabilities" FP32 [-1,3] is declared, the model has "probabilities" FP32 [-1,2]; ' +
        'the model wants input "income" FP32 [-1,1], which is not declared',
    );
  });

  it('keeps its thread for others when a model is refused', async () => {
    await expect(load(Buffer.from('garbage'))).rejects.toThrow(ModelUnusableError);
    expect((await load(good)).usable).toBe(true);
  });
});

describe('OnnxModel.run', () => {
  it('gives every datatype back as it was', async () => {
    const model = await load(echoModel().onnx);
    const shape = [2, 2];
    const inputs: Record<string, TensorData> = {
      in_bool: { datatype: 'BOOL', shape, data: Uint8Array.of(1, 0, 0, 1) },
      in_int32: { datatype: 'INT32', shape, data: Int32Array.of(-1, 2 ** 31 - 1, -(2 ** 31), 0) },
      in_int64: { datatype: 'INT64', shape, data: BigInt64Array.of(-1n, 2n ** 63n - 1n, -(2n ** 63n), 0n) },
      in_fp32: { datatype: 'FP32', shape, data: Float32Array.of(0.1, -0, 3e38, 1e-40) },
      in_fp64: { datatype: 'FP64', shape, data: Float64Array.of(0.1, 1e308, 5e-324, Math.PI) },
      in_bytes: { datatype: 'BYTES', shape, data: ['', 'a', 'Zürich ✈', '  '] },
    };
    const expected = structuredClone(inputs);
    const outputs = await model.run(inputs);
    for (const [name, tensor] of Object.entries(expected)) {
      expect(outputs[name.replace('in_', 'out_')]).toEqual(tensor);
    }
  });

  it('gives only the outputs that are asked for, in their order', async () => {
    const model = await load(binaryModel({ weights: { age: 2 }, bias: -1 }).onnx);
    const outputs = await model.run({ age: floats(0, 1) }, ['probabilities']);
    expect(Object.keys(outputs)).toEqual(['probabilities']);
    expect(outputs['probabilities']?.shape).toEqual([2, 2]);
    await expect(model.run({ age: floats(0) }, ['odds'])).rejects.toThrow('it has no output "odds"');
  });

  it('refuses inputs that do not fit, before they reach the runtime', async () => {
    const model = await load(binaryModel({ weights: { age: 1, income: 1 } }).onnx);
    const age = floats(1, 2);
    const cases: [Record<string, TensorData>, string][] = [
      [{ age }, 'input "income" is missing'],
      [{ age, income: floats(1, 2), more: floats(1) }, 'found input "more", the model takes "age", "income"'],
      [{ age, income: { ...floats(1, 2), datatype: 'FP64' } }, 'input "income" has datatype FP64, want FP32'],
      [{ age, income: { ...floats(1, 2), shape: [2] } }, 'input "income" has shape [2], want [-1,1]'],
      [{ age, income: { ...floats(1, 2), shape: [1, 2] } }, 'input "income" has shape [1,2], want [-1,1]'],
      [{ age, income: floats(1, 2, 3) }, 'input "income" has 3 rows, the inputs before it have 2'],
      [{ age, income: { ...floats(1), shape: [2, 1] } }, 'has 1 values, its shape [2,1] wants 2'],
      [{ age: floats(), income: floats() }, 'input "age" has no rows'],
      [{ age: { ...floats(1), shape: [2 ** 60, 1] }, income: floats(1) }, 'wants NaN'],
      [{ age: { ...floats(1), shape: [-1, 1] }, income: floats(1) }, 'wants NaN'],
    ];
    for (const [inputs, message] of cases) {
      const refusal = model.run(inputs);
      await expect(refusal).rejects.toThrow(InputRefusedError);
      await expect(refusal).rejects.toThrow(message);
    }
  });

  it('takes names that JavaScript objects have by themselves for names like any other', async () => {
    const model = await load(binaryModel({ weights: { constructor: 1, toString: 1 } }).onnx);
    await expect(model.run({ constructor: floats(1) })).rejects.toThrow('input "toString" is missing');
    const outputs = await model.run({ constructor: floats(0), toString: floats(0) });
    expect(Array.from(outputs['probabilities']?.data as Float32Array)).toEqual([0.5, 0.5]);
  });

  it('does not hand out an answer that is no number', async () => {
    const model = await load(oneNodeModel('Log').onnx);
    const x = (values: number[]): TensorData => ({ datatype: 'FP32', shape: [1, 2], data: Float32Array.from(values) });
    await expect(model.run({ x: x([1, -1]) })).rejects.toMatchObject({
      message: 'Cannot use the model: output "probabilities" is NaN at position 1',
      fix: expect.stringContaining('docs/tasks.md') as unknown,
    });
    await expect(model.run({ x: x([0, 1]) })).rejects.toThrow('output "probabilities" is -Infinity at position 0');
  });

  it('runs what was asked before the model was closed', async () => {
    const model = await load(binaryModel({ weights: { age: 1 } }).onnx);
    const runs = Array.from({ length: 20 }, () => model.run({ age: floats(0) }));
    await Promise.all([model.close(), ...runs]);
    await expect(model.run({ age: floats(0) })).rejects.toThrow('Cannot use the model: it was closed');
  });
});

describe('OnnxModel.score', () => {
  it('gives the probability of true for each row, whatever arrays the columns are', async () => {
    const model = await load(
      binaryModel({ weights: { age: 0.5, income: -1 }, texts: { city: { Bern: 2, 'Zürich ✈': -3 } }, bias: 0.25 }).onnx,
    );
    const columns = {
      age: [1, 2n, 0, true],
      income: Float64Array.of(0.5, -1, 2, 0),
      city: ['Bern', 'Zürich ✈', null, 'unknown'],
      ignored: ['x'],
    };
    const scores = await model.score(columns);
    const expected = [0.5 - 0.5 + 2, 1 + 1 - 3, 0 - 2, 0.5].map((sum) => logistic(sum + 0.25));
    Array.from(scores).forEach((score, row) => expect(score).toBeCloseTo(expected[row] ?? 0, 6));
  });

  it('gives the same scores in chunks of any size', async () => {
    const model = await load(binaryModel({ weights: { age: 1 }, texts: { city: { a: 1 } } }).onnx);
    const rows = 1000;
    const columns = {
      age: Float32Array.from({ length: rows }, (_, row) => Math.sin(row)),
      city: Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? 'a' : 'b')),
    };
    const whole = await model.score(columns, { chunkRows: rows });
    for (const chunkRows of [1, 7, 999, 1001]) expect(await model.score(columns, { chunkRows })).toEqual(whole);
    expect(columns.age).toHaveLength(rows);
    expect((await model.score({ age: [], city: [] })).length).toBe(0);
  });

  it('refuses a column that is missing, short, or holds what the input cannot take', async () => {
    const model = await load(binaryModel({ weights: { age: 1 }, texts: { city: {} } }).onnx);
    await expect(model.score({ age: [1] })).rejects.toThrow('column "city" is missing');
    await expect(model.score({ age: [1, 2], city: ['a'] })).rejects.toThrow('column "age" has 2 rows, want 1');
    await expect(model.score({ age: ['1'], city: ['a'] })).rejects.toThrow(
      'input "age" is "1" at position 0, want a number that fits into 32 bits',
    );
    await expect(model.score({ age: [1], city: [7] })).rejects.toThrow(InputRefusedError);
  });

  it('refuses what is no probability', async () => {
    const nan = await load(binaryModel({ weights: { age: 1 } }).onnx);
    await expect(nan.score({ age: [0, null] })).rejects.toThrow(ModelUnusableError);
    const raw = await load(echoModel(['FP32']).onnx);
    await expect(raw.score({ in_fp32: [1] })).rejects.toThrow(ModelUnusableError);
  });

  it('stops when it is told to', async () => {
    const model = await load(binaryModel({ weights: { age: 1 } }).onnx);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(model.score({ age: [1] }, { signal })).rejects.toThrow('enough');
  });
});

describe('InferenceThread', () => {
  it('rejects what is under way when it is closed, and everything after', async () => {
    const own = new InferenceThread();
    const model = await OnnxModel.load(binaryModel({ weights: { age: 1 } }).onnx, { thread: own });
    const run = model.run({ age: floats(1) });
    const closing = own.close();
    await expect(run).rejects.toThrow('the inference thread has ended');
    await closing;
    expect(model.usable).toBe(false);
    await expect(model.run({ age: floats(1) })).rejects.toThrow(ModelUnusableError);
    await model.close();
  });
});
