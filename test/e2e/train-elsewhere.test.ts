import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonEnv } from '../../src/dev/tools.js';
import type { AttemptRecord } from '../../src/domain/attempt.js';
import type { ElsewhereInput } from '../../src/domain/elsewhere.js';
import { StoreTransfers } from '../../src/stores/transfer-area.js';
import { createWorker } from '../../src/worker.js';
import { runCli } from '../src/cli/run-cli.js';
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

async function trainedBy(model: string): Promise<readonly AttemptRecord[]> {
  return (await world.client.run(model, 1)).steps?.['train']?.attempts ?? [];
}

/** What the far side has said until now of the only training under way. */
async function reportOf(model: string): Promise<string> {
  const key = (await stagingKeys()).find((each) => each.endsWith('/report.jsonl'));
  expect(await elsewhere(model)).toHaveLength(1);
  const report = key === undefined ? undefined : await new StoreTransfers(world.store).readFrom(key, 0);
  return report?.toString('utf8') ?? '';
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
    const killed = far!.pid;
    // What it uses is told every other second.
    await until('it has said what it used', async () => /"cpuSeconds"/.test(await reportOf('toy-far-killed')));
    await far!.kill();
    await rm(begun);
    far = await startFar();
    await until('training begins again', () => Promise.resolve(existsSync(begun)));
    await rm(slow);
    expect(await world.client.runResult('toy-far-killed', 1)).toMatchObject({ verdict: 'PROMOTE' });
    expect(await elsewhere('toy-far-killed')).toHaveLength(1);
    expect(await trainedBy('toy-far-killed')).toMatchObject([
      {
        end: 'done',
        elsewhere: [
          { attempt: 1, worker: `${killed}@${hostname()}`, end: 'lost', usage: { cpuSeconds: expect.any(Number) } },
          { attempt: 2, worker: `${far.pid}@${hostname()}`, end: 'done', usage: { cpuSeconds: expect.any(Number) } },
        ],
      },
    ]);
    const shown = await runCli(['show', 'toy-far-killed', '1'], { env: world.environment });
    expect(shown.stdout).toMatch(new RegExp(`\\n *1, there 1 +${killed}@.* lost: its worker was gone`));
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
    const [one, two] = await trainedBy('toy-far-followed');
    expect([one, two]).toMatchObject([
      { end: 'shutdown', elsewhere: [{ attempt: 1 }] },
      { end: 'done', elsewhere: [{ attempt: 1, end: 'done' }] },
    ]);
    expect(one?.elsewhere?.[0], 'it went on').not.toHaveProperty('end');
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
