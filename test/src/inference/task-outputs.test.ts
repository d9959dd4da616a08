import { describe, expect, it } from 'vitest';
import type { Task } from '../../../src/domain/task.js';
import { OnnxModel } from '../../../src/inference/onnx-model.js';
import { checkOutputs } from '../../../src/inference/outputs/index.js';
import {
  binaryModel,
  multiclassModel,
  oneNodeModel,
  regressionModel,
  type TestModel,
} from '../../support/onnx-models.js';

const classes = ['ash', 'birch', 'cedar'];
const trees: Task = { kind: 'multiclass', classes };
const models = {
  binary: binaryModel({ weights: { x: 1 } }),
  multiclass: multiclassModel(classes, { weights: { x: [0, 1, 2] } }),
  regression: regressionModel({ x: 2 }, 1),
};

/** The outputs as the runtime tells them. */
async function outputsOf({ onnx }: TestModel) {
  const model = await OnnxModel.load(onnx);
  await model.close();
  return model.signature.outputs;
}

describe('checkOutputs', () => {
  it('takes models that have what their task wants', async () => {
    for (const made of Object.values(models)) {
      checkOutputs(made.task ?? { kind: 'binary' }, await outputsOf(made));
    }
  });

  it.each<[string, Task, TestModel, string]>([
    ['a binary model', trees, models.binary, 'output "label" BYTES [-1] is wanted, it has output "label" INT64 [-1]'],
    [
      'a model of other classes',
      { kind: 'multiclass', classes: ['ash', 'birch'] },
      models.multiclass,
      'for a multiclass task: output "probabilities" FP32 [-1,2] is wanted, it has output "probabilities" FP32 [-1,3]',
    ],
    [
      'a classifier',
      { kind: 'regression' },
      models.binary,
      'for a regression task: output "value" FP32 [-1,1] is wanted, it has none of that name',
    ],
    ['a model without labels', { kind: 'binary' }, oneNodeModel('Identity'), '"label" INT64 [-1] is wanted'],
  ])('refuses %s', async (_, task, made, message) => {
    const outputs = await outputsOf(made);
    expect(() => checkOutputs(task, outputs)).toThrow(message);
    expect(() => checkOutputs(task, outputs)).toThrow(expect.objectContaining({ code: 'MODEL.UNUSABLE' }));
  });
});

describe('scoring a table', () => {
  const x = Float32Array.from({ length: 5000 }, (_, row) => row / 5000);

  it('gives the numbers of a regression', async () => {
    const model = await OnnxModel.load(models.regression.onnx);
    const found = await model.score({ x }, { task: { kind: 'regression' } });
    expect([...found]).toEqual([...x].map((value) => Math.fround(Math.fround(2 * value) + 1)));
    await model.close();
  });

  it('gives the probabilities of classes chunk after chunk', async () => {
    const model = await OnnxModel.load(models.multiclass.onnx);
    const starts: number[] = [];
    await model.scoreChunks(trees, { x }, (shares, from) => {
      starts.push(from);
      const likeliest = shares.subarray(shares.length - 3);
      expect(likeliest[0]! + likeliest[1]! + likeliest[2]!).toBeCloseTo(1, 6);
      const last = x[from + shares.length / 3 - 1]!;
      expect(likeliest[2]! / likeliest[1]!).toBeCloseTo(Math.exp(last), 4);
    });
    expect(starts).toEqual([0, 2048, 4096]);
    await model.close();
  });

  it('refuses numbers that are none', async () => {
    const model = await OnnxModel.load(regressionModel({ x: 3e38 }).onnx);
    const scored = model.score({ x: Float32Array.of(1, 2) }, { task: { kind: 'regression' } });
    await expect(scored).rejects.toThrow('output "value" is Infinity in a row, want a finite number');
    await model.close();
  });
});
