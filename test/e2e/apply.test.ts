import { afterAll, beforeAll, expect, it } from 'vitest';
import { PerennialClient } from '../../src/client.js';
import { defineModel } from '../../src/define-model.js';
import { loopId } from '../../src/domain/run.js';
import { SetupConflictError } from '../../src/errors.js';
import { createWorker } from '../../src/worker.js';
import { toyDays, toySpec } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ worker: false });
});
afterAll(() => world.stop());

async function withWorker<T>(work: () => Promise<T>): Promise<T> {
  const python = () => Promise.reject(new Error('no training here'));
  const worker = await createWorker({
    address: world.temporal.address,
    store: world.store,
    python,
    workFolder: world.folder,
  });
  return await worker.runUntil(work);
}

it('applying specs in turn while no worker runs ends with the last one', async () => {
  const spec = (rows: number) => ({
    spec: defineModel(toySpec('toy-turn', world.folder, { gate: { minimum: { rows } } })),
  });
  const { client } = world;
  const first = await client.apply(spec(100));
  expect(first.loop).toBe('started');
  expect(await client.apply(spec(100))).toEqual({ ...first, loop: 'unchanged' });
  await client.apply(spec(200));
  await client.apply(spec(100));
  const loop = await withWorker(async () => (await client.status('toy-turn')).loop);
  expect(loop?.plan.spec.sha256).toBe(first.spec);
});

it('a loop that is started again counts on after runs that Temporal knows, and keeps the snapshot', async () => {
  const { client, temporal } = world;
  await world.applyToy('toy-again', toyDays(1));
  await withWorker(async () => {
    // One day is too little to split: the run fails after its data were accepted.
    const asked = await client.requestTraining('toy-again');
    expect(asked).toMatchObject({ outcome: 'started', run: 1 });
    await expect(client.runResult('toy-again', 1)).rejects.toThrow();
    const { loop } = await client.status('toy-again');
    expect(loop?.snapshot).toBeDefined();
    await temporal.client.workflow.getHandle(loopId('toy-again')).terminate();
    await temporal.client.workflow.start('trainingRun', {
      workflowId: 'perennial/toy-again/run/2',
      taskQueue: 'nobody',
      args: [],
    });
    await world.applyToy('toy-again', []);
    expect((await client.status('toy-again')).loop?.nextRun).toBe(3);
  });
});

it('a loop that works on another task queue is not taken over: apply says where it is, and changes nothing', async () => {
  const { client, temporal, store } = world;
  await world.applyToy('toy-elsewhere', toyDays(1));
  const elsewhere = new PerennialClient({ client: temporal.client, store, taskQueue: 'elsewhere' });
  const spec = { spec: defineModel(toySpec('toy-elsewhere', world.folder, { gate: { minimum: { rows: 7 } } })) };
  await expect(elsewhere.apply(spec)).rejects.toThrow(SetupConflictError);
  await expect(elsewhere.apply(spec)).rejects.toThrow('its loop works on the task queue "perennial"');
  expect((await client.apply(spec)).loop).toBe('updated');
});
