import { randomUUID } from 'node:crypto';
import type { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Activities } from '../../../activities/index.js';
import type { ResourcePlan } from '../../../src/domain/resources.js';
import { ResourceBudget } from '../../../src/resources/budget.js';
import { workerTuner } from '../../../src/resources/slots.js';
import type { trainingRun } from '../../../workflows/training-run.js';
import { fakeActivities, fakePlan, fakeRef } from '../../support/fake-activities.js';
import { testTemporal, testWorker, type TestTemporal } from '../../support/temporal.js';
import { until } from '../../support/until.js';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await testTemporal();
});
afterAll(() => temporal.stop());

const one = { cpus: 1, memoryBytes: 0, gpus: 0 };

/** Trainings that take one processor each and hold it until they are let go; those of the model `quick` take none. */
function trainings(budget: ResourceBudget) {
  const ends: (() => void)[] = [];
  let [inside, done] = [0, 0];
  const train: Activities['perennial.train'] = async ({ model }) => {
    const trained = { cache: 'miss' as const, bundle: fakeRef('e'), message: 'trained' };
    if (model === 'quick') return trained;
    inside++;
    const lease = await budget.acquire(one, { signal: new AbortController().signal });
    await new Promise<void>((resolve) => ends.push(resolve));
    lease.release();
    inside--;
    done++;
    return trained;
  };
  return { train, inside: () => inside, done: () => done, underWay: () => ends.length, endOne: () => ends.shift()?.() };
}

async function run(taskQueue: string, model: string, resources?: ResourcePlan): Promise<unknown> {
  const plan = { ...fakePlan, ...(resources && { resources }) };
  const trigger = { kind: 'manual', by: 'a test', reason: 'to see' } as const;
  return await temporal.client.workflow.execute<typeof trainingRun>('trainingRun', {
    taskQueue,
    workflowId: randomUUID(),
    args: [{ model, run: 1, plan, trigger, promote: false }],
  });
}

async function during<T>(workers: readonly Worker[], work: () => Promise<T>): Promise<T> {
  const runs = workers.map((worker) => worker.run());
  try {
    return await work();
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
  }
}

it('trainings that wait for room leave the slots of other steps free', async () => {
  const budget = new ResourceBudget(one);
  const held = trainings(budget);
  const activities = fakeActivities({ 'perennial.train': held.train });
  const tuner = workerTuner(budget, { trainingsOnly: false, others: 2 });
  const worker = await testWorker(temporal, { taskQueue: 'ordinary', activities, tuner });
  await during([worker], async () => {
    const runs = Array.from({ length: 5 }, () => run('ordinary', 'held'));
    await until('all trainings are taken', () => held.inside() === 5);
    expect(await run('ordinary', 'quick')).toMatchObject({ verdict: 'PROMOTE' });
    for (let ended = 0; ended < 5; ended++) {
      await until('one trains', () => held.underWay() === 1);
      held.endOne();
      await until('it has ended', () => held.done() === ended + 1);
    }
    await Promise.all(runs);
  });
});

it('a worker of a class takes no more trainings from its queue than fit, and goes on with the others', async () => {
  const budget = new ResourceBudget({ ...one, cpus: 2 });
  const held = trainings(budget);
  const activities = fakeActivities({ 'perennial.train': held.train });
  const ordinary = await testWorker(temporal, { taskQueue: 'shop', activities });
  const big = await testWorker(temporal, {
    taskQueue: 'shop-big',
    activities,
    tuner: workerTuner(budget, { trainingsOnly: true }),
  });
  await during([ordinary, big], async () => {
    let most = 0;
    const runs = Array.from({ length: 6 }, () => run('shop', 'held', { class: 'big', ...one }));
    for (let ended = 0; ended < 6; ended++) {
      await until('as many train as fit', () => held.underWay() === Math.min(2, 6 - ended));
      most = Math.max(most, held.inside());
      held.endOne();
      await until('one has ended', () => held.done() === ended + 1);
    }
    await Promise.all(runs);
    expect(most).toBe(2);
    expect(budget.free).toEqual(budget.total);
  });
});
