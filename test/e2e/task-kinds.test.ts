import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taskOf } from '../../src/domain/task.js';
import type { Evaluation } from '../../src/domain/evaluation.js';
import type { ModelBundle } from '../../src/domain/model.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { startModelServer } from '../../src/serving/server.js';
import { Random } from '../../src/statistics/random.js';
import { readManifestOf } from '../../src/stores/blobs.js';
import { regressionModel } from '../support/onnx-models.js';
import { toyDays } from '../support/toy-data.js';
import { startWorld, type ToyModel, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

/** A day of trips: how far they are and whether it rains decides how people travel and what it costs. */
function tripDay(day: string, { ferry = false } = {}): string {
  const random = new Random(Number(day.replaceAll('-', '')));
  const lines = ['at_time,km,rain,mode,fare'];
  for (let row = 0; row < 150; row++) {
    const hour = String(Math.floor(random.uniform() * 24)).padStart(2, '0');
    const km = Math.round(random.uniform() * 200) / 10;
    const rain = random.uniform() < 0.3;
    const luck = random.uniform() * 4;
    const dry = km + luck < 5 ? 'foot' : km + luck < 13 ? 'bike' : 'train';
    const mode = ferry && row < 5 ? 'ferry' : rain && dry === 'bike' ? 'train' : dry;
    lines.push(`${day} ${hour}:00:00,${km},${rain},${mode},${(2 + 1.5 * km + luck).toFixed(2)}`);
  }
  return `${lines.join('\n')}\n`;
}

async function applyTrips(
  name: string,
  task: Pick<ModelSpecInput['task'], 'kind' | 'label'>,
  trainer: ModelSpecInput['trainer'] = { parameters: { max_iter: 20 } },
): Promise<ToyModel> {
  const model = await world.applyToy(name, [], {
    contract: {},
    task: { ...task, features: ['km', 'rain'], eventTime: 'at_time' },
    ...(trainer && { trainer }),
  });
  for (const day of toyDays(14)) await model.addDay(day, tripDay(day));
  return model;
}

async function train(model: ToyModel) {
  const answer = await world.client.requestTraining(model.name);
  if (answer.outcome === 'refused') throw new Error(answer.message);
  const result = await world.client.runResult(model.name, answer.run);
  const { evidence } = await world.client.run(model.name, answer.run);
  return { ...result, evidence };
}

/** What a model server answers about three trips. */
async function ask(model: string): Promise<Record<string, { datatype: string; data: unknown[] }>> {
  const server = await startModelServer({ store: world.store, models: [model], logLevel: 'silent', profileMs: 0 });
  try {
    const bundle = await championOf(model);
    const values: Record<string, unknown[]> = { km: [0.5, 8, 18], rain: [0, 0, 0] };
    const inputs = bundle.inputs.map(({ name, datatype }) => ({ name, datatype, shape: [3, 1], data: values[name] }));
    const response = await fetch(`${server.url}/v2/models/${model}/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs }),
    });
    const { outputs } = (await response.json()) as { outputs: { name: string; datatype: string; data: unknown[] }[] };
    return Object.fromEntries(outputs.map((output) => [output.name, output]));
  } finally {
    await server.stop();
  }
}

async function championOf(model: string): Promise<ModelBundle> {
  const { champion } = (await world.client.ledger(model)).state;
  return await readManifestOf<ModelBundle>(world.store, 'bundle', champion!.bundle);
}

describe('models that answer other questions than yes or no, on real parts', () => {
  it('name a class: promoted, served, and compared by name when there is a class more', async () => {
    const model = await applyTrips('trip-mode', { kind: 'multiclass', label: 'mode' });
    const first = await train(model);
    expect(first).toMatchObject({ verdict: 'PROMOTE', version: 1 });
    expect(first.metrics.candidate.accuracy!.low).toBeGreaterThan(0.6);
    expect(first.rules.map(({ rule }) => rule)).toEqual(['minimum', 'skill']);
    expect(taskOf(await championOf(model.name))).toEqual({ kind: 'multiclass', classes: ['bike', 'foot', 'train'] });
    const { label, probabilities } = await ask(model.name);
    expect(label).toMatchObject({ datatype: 'BYTES', data: ['foot', 'bike', 'train'] });
    expect(probabilities!.data).toHaveLength(9);

    for (const day of toyDays(6, 14)) await model.addDay(day, tripDay(day, { ferry: true }));
    const second = await train(model);
    const evaluation = await readManifestOf<Evaluation>(world.store, 'evaluation', second.evidence.evaluation!);
    expect(evaluation.task).toEqual({ kind: 'multiclass', classes: ['bike', 'ferry', 'foot', 'train'] });
    expect(evaluation.classRows![1]).toBe(15);
    expect(second.metrics.difference!.logLoss!.value).toBeLessThan(0);
  });

  it('give a number: promoted and served', async () => {
    const model = await applyTrips('trip-fare', { kind: 'regression', label: 'fare' });
    const first = await train(model);
    expect(first).toMatchObject({ verdict: 'PROMOTE', version: 1 });
    expect(first.metrics.candidate.r2!.low).toBeGreaterThan(0.9);
    expect(first.rules.map(({ reason }) => reason).join()).toMatch(
      /RMSE \d\.\d+ against the trivial baseline's \d\.\d+/,
    );
    const { value } = await ask(model.name);
    expect(value!.datatype).toBe('FP32');
    for (const [index, km] of [0.5, 8, 18].entries()) {
      expect(Math.abs(Number(value!.data[index]) - (4 + 1.5 * km))).toBeLessThan(3);
    }
  });

  it('refuses a model of another task when it is trained, naming its outputs and the wanted ones', async () => {
    const [onnx, program] = [join(world.folder, 'fare.onnx'), join(world.folder, 'train.mjs')];
    await writeFile(onnx, regressionModel({ km: 1.5, rain: 0 }).onnx);
    await writeFile(
      program,
      `import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
       mkdirSync('output', { recursive: true });
       copyFileSync(${JSON.stringify(onnx)}, 'output/model.onnx');
       writeFileSync('output/metrics.json', JSON.stringify({ metrics: {}, versions: {} }));`,
    );
    const trainer = { command: [process.execPath, program] };
    const model = await applyTrips('trip-wrong', { kind: 'multiclass', label: 'mode' }, trainer);
    const failure = (await train(model).catch((error: unknown) => error)) as WorkflowFailedError;
    expect(failure.cause).toMatchObject({ type: 'MODEL.UNUSABLE' });
    expect(failure.cause!.message).toContain(
      'for a multiclass task: output "label" BYTES [-1] is wanted, it has none of that name; ' +
        'output "probabilities" FP32 [-1,3] is wanted, it has none of that name',
    );
  });
});
