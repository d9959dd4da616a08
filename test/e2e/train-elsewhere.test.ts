import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonEnv } from '../../src/dev/tools.js';
import type { ElsewhereInput } from '../../src/domain/elsewhere.js';
import { createWorker } from '../../src/worker.js';
import { startPythonWorker, type PythonWorker } from '../support/python-worker.js';
import { toyDays } from '../support/toy-data.js';
import { until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

const TASK_QUEUE = 'python-trainers';

let world: World;
let worker: { readonly worker: Worker; readonly running: Promise<void> };
let far: PythonWorker | undefined;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  worker = await startWorker();
}, 300_000);
afterAll(async () => {
  await far?.kill();
  await stopWorker();
  await world.stop();
});

async function startWorker() {
  const { temporal, store, folder } = world;
  const python = async () => (await pythonEnv()).python;
  const made = await createWorker({ address: temporal.address, store, python, workFolder: join(folder, 'work') });
  return { worker: made, running: made.run() };
}

async function stopWorker(): Promise<void> {
  worker.worker.shutdown();
  await worker.running;
}

async function startFar(): Promise<PythonWorker> {
  return await startPythonWorker({ TEMPORAL_ADDRESS: world.temporal.address, TASK_QUEUE });
}

/** The workflows of trainings elsewhere of a model. */
async function elsewhere(model: string) {
  const found = [];
  for await (const each of world.temporal.client.workflow.list({ query: `WorkflowType = 'trainElsewhere'` })) {
    if (each.workflowId.startsWith(`perennial/elsewhere/${model}-`)) found.push(each);
  }
  return found;
}

async function stagingKeys(): Promise<string[]> {
  const keys = [];
  for await (const { key } of world.store.list('staging/')) keys.push(key);
  return keys;
}

/** A trainer that waits for a file to go, then trains as a built-in estimator does. */
async function waitingTrainer(name: string) {
  const [begun, slow] = [join(world.folder, `${name}-begun`), join(world.folder, `${name}-slow`)];
  await writeFile(slow, '');
  const script = `echo x >> '${begun}'; while [ -f '${slow}' ]; do sleep 0.1; done; exec python3 -m perennial_trainer "$0"`;
  const { python } = await pythonEnv();
  return { begun, slow, command: ['sh', '-c', script.replace('python3', python)] };
}

describe('training by an activity of the Temporal Python SDK', () => {
  const activity = { name: 'train', taskQueue: TASK_QUEUE };

  it('waits for a worker there, then goes from the spec to a champion, and leaves nothing that lets anybody in', async () => {
    await world.applyToy('toy-far', toyDays(14), {
      trainer: { kind: 'activity', activity, parameters: { max_iter: 20 } },
    });
    await world.client.requestTraining('toy-far');
    await until('the workflow runs', async () => (await elsewhere('toy-far')).length === 1);
    far = await startFar();
    const result = await world.client.runResult('toy-far', 1);
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1, champion: 1 });
    const { training } = await world.client.run('toy-far', 1);
    expect(training?.versions).toHaveProperty('scikit-learn');
    expect(training, 'what is known of another machine').not.toHaveProperty('machine');

    const [found] = await elsewhere('toy-far');
    const { events } = await world.temporal.client.workflow.getHandle(found!.workflowId).fetchHistory();
    const started = events![0]!.workflowExecutionStartedEventAttributes!;
    const input = JSON.parse(Buffer.from(started.input!.payloads![0]!.data!).toString()) as ElsewhereInput;
    expect(Object.keys(input).toSorted()).toEqual(['activity', 'name', 'order', 'taskQueue', 'timeoutMs', 'validMs']);
    expect(await stagingKeys()).toEqual([]);
    expect((await fetch(input.order.url)).status).toBe(404);
  });

  it('a far worker that is killed, is replaced by another one', async () => {
    const { begun, slow, command } = await waitingTrainer('killed');
    await world.applyToy('toy-far-killed', toyDays(14), { trainer: { kind: 'activity', activity, command } });
    await world.client.requestTraining('toy-far-killed');
    await until('training begins', () => Promise.resolve(existsSync(begun)));
    await far!.kill();
    await rm(begun);
    far = await startFar();
    await until('training begins again', () => Promise.resolve(existsSync(begun)));
    await rm(slow);
    expect(await world.client.runResult('toy-far-killed', 1)).toMatchObject({ verdict: 'PROMOTE' });
    expect(await elsewhere('toy-far-killed')).toHaveLength(1);
  });

  it('a worker of ours that shuts down, leaves the training to go on, and the next one follows it', async () => {
    const { begun, slow, command } = await waitingTrainer('followed');
    await world.applyToy('toy-far-followed', toyDays(14), { trainer: { kind: 'activity', activity, command } });
    await world.client.requestTraining('toy-far-followed');
    await until('training begins', () => Promise.resolve(existsSync(begun)));
    await stopWorker();
    worker = await startWorker();
    await rm(slow);
    expect(await world.client.runResult('toy-far-followed', 1)).toMatchObject({ verdict: 'PROMOTE' });
    expect(await elsewhere('toy-far-followed')).toHaveLength(1);
    const { steps } = (await world.client.run('toy-far-followed', 1)) as {
      steps?: { train?: { attempts: unknown[] } };
    };
    expect(steps?.train?.attempts).toMatchObject([{ end: 'shutdown' }, { end: 'done' }]);
  });

  it('a run that is cancelled, ends the training there', async () => {
    const { begun, slow, command } = await waitingTrainer('cancelled');
    await world.applyToy('toy-far-cancelled', toyDays(14), { trainer: { kind: 'activity', activity, command } });
    await world.client.requestTraining('toy-far-cancelled');
    await until('training begins', () => Promise.resolve(existsSync(begun)));
    await world.temporal.client.workflow.getHandle('perennial/toy-far-cancelled/run/1').cancel();
    await until('it has ended there', async () => {
      const [found] = await elsewhere('toy-far-cancelled');
      return found !== undefined && found.status.name !== 'RUNNING';
    });
    expect(existsSync(slow)).toBe(true);
    await until('nothing is left', async () => (await stagingKeys()).length === 0);
  });
});
