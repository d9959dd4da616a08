import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programOnPath } from '../../src/dev/find-program.js';
import { findSearch } from '../../src/searches.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { binaryModel } from '../support/onnx-models.js';
import { toyDays } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

/** What starts and holds together the processes of a trainer. */
const PROGRAMS = ['sh', 'true', 'unshare', 'setpriv'];

let world: World;
let worker: ChildWorker | undefined;
let trainer: NonNullable<ModelSpecInput['trainer']>;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  const [base, notes, bin] = ['base.onnx', 'notes', 'bin'].map((name) => join(world.folder, name)) as [
    string,
    string,
    string,
  ];
  const texts = { channel: { mail: 1.5 } };
  await writeFile(base, binaryModel({ weights: { price: -0.05, visits: 0.3 }, texts }).onnx);
  await writeFile(notes, '');
  await mkdir(bin);
  for (const name of PROGRAMS) {
    const program = programOnPath([name]);
    if (program !== undefined) await symlink(program, join(bin, name));
  }
  const command = [process.execPath, fileURLToPath(new URL('../fixtures/step-trainer.mjs', import.meta.url))];
  trainer = { command, checkpointEvery: 100, parameters: { stepMs: 1, base, notes } };
  worker = await startChildWorker({ ...world.environment, PATH: bin, PERENNIAL_PYTHON: '' });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
});

/** The loss that the trainer says is one divided by its steps. */
async function searched(model: string, search: Partial<NonNullable<ModelSpecInput['search']>>) {
  const space = { steps: { type: 'int', low: 3, high: 9 } } as const;
  await world.applyToy(model, toyDays(14), {
    trainer,
    search: { space, metric: 'loss', direction: 'minimize', ...search },
  });
  await world.client.requestTraining(model);
  const result = await world.client.runResult(model, 1);
  const { training } = await world.client.run(model, 1);
  return { result, training, ...(await findSearch(world.temporal.client, world.store, model, 1)) };
}

describe('on a worker without Python, a run with a command of the user', () => {
  it('tries every point of a grid, and trains with the best', async () => {
    const { result, training, trials, best } = await searched('toy-grid', { sampler: 'grid' });
    expect(trials).toHaveLength(7);
    expect(new Set(trials.map(({ parameters }) => parameters['steps']))).toEqual(new Set([3, 4, 5, 6, 7, 8, 9]));
    expect(trials.every(({ state, cpuSeconds }) => state === 'complete' && cpuSeconds !== undefined)).toBe(true);
    expect(best).toMatchObject({ parameters: { steps: 9 }, value: 1 / 9 });
    expect(training?.parameters).toMatchObject({ steps: 9 });
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1 });
  });

  it('tries points at random with a pruner that looks on, and trains with the best', async () => {
    const pruner = { kind: 'median', after: 1, warmup: 1 } as const;
    const { result, training, trials, best } = await searched('toy-random', { sampler: 'random', trials: 8, pruner });
    expect(trials).toHaveLength(8);
    expect(trials.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(training?.parameters['steps']).toBe(best?.parameters['steps']);
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1 });
  });

  it('and one without a command says that Python is missing', async () => {
    await world.applyToy('toy-python', toyDays(14));
    await world.client.requestTraining('toy-python');
    await expect(world.client.runResult('toy-python', 1)).rejects.toThrow();
    const { failure } = await world.client.run('toy-python', 1);
    expect(failure).toMatchObject({ stage: 'train', code: 'SETUP.MISSING' });
    expect(failure?.message).toContain('none was found on PATH');
  });
});
