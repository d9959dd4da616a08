import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PerennialClient } from '../../src/client.js';
import { defineModel } from '../../src/define-model.js';
import { runId } from '../../src/domain/run.js';
import { workersOn } from '../../src/resources/find-workers.js';
import { openStore } from '../../src/stores/index.js';
import type { ArtifactStore } from '../../src/stores/store.js';
import { runCli, startCli } from '../src/cli/run-cli.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { testTemporal, type TestTemporal } from '../support/temporal.js';
import { toyDay, toyDays, toySpec } from '../support/toy-data.js';
import { exists, until } from '../support/until.js';

/** What is promised: a run whose class has no worker says so within this time. */
const PROMISED_MS = 5000;
/** What a worker that was killed is missed after: some 4 s, for which its heartbeats stay away; by its polling it would be 70 s. */
const MISSED_MS = 30_000;

let temporal: TestTemporal;
let folder: string;
let store: ArtifactStore;
let client: PerennialClient;
let environment: Record<string, string>;
let workers: ChildWorker[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-no-worker-'));
  temporal = await testTemporal();
  environment = { PERENNIAL_STORE: `folder:${join(folder, 'store')}`, TEMPORAL_ADDRESS: temporal.address };
  store = openStore(environment['PERENNIAL_STORE'] ?? '');
  client = new PerennialClient({ client: temporal.client, store });
  await mkdir(join(folder, 'data'));
  await Promise.all(toyDays(14).map((day) => writeFile(join(folder, 'data', `${day}.csv`), toyDay(day))));
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  workers = [];
});
afterAll(async () => {
  await store.close();
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(...classes: string[]): Promise<ChildWorker> {
  const words = ['--class', classes.join(','), '--work-folder', join(folder, 'work')];
  const worker = await startChildWorker(environment, words);
  workers.push(worker);
  return worker;
}

async function kill(worker: ChildWorker): Promise<number> {
  workers = workers.filter((other) => other !== worker);
  const at = Date.now();
  await worker.kill();
  return at;
}

/** Applies a model whose training goes on until `end` is called, and then fails. */
async function applyHeld(model: string, name: string) {
  const [begun, held] = [join(folder, `${model}-begun`), join(folder, `${model}-held`)];
  await writeFile(held, '');
  const script = `touch '${begun}'; while [ -f '${held}' ]; do sleep 0.1; done; exit 1`;
  const trainer = { command: ['sh', '-c', script], resources: { class: name } };
  await client.apply({ spec: defineModel(toySpec(model, join(folder, 'data'), { trainer })) });
  return { begins: () => until('the training begins', () => exists(begun)), end: () => rm(held) };
}

/** The command says so within the promised time, beyond what any command takes on a machine as busy as this. */
async function tells(command: string, text: string): Promise<void> {
  const idle = await runCli(['--version'], { env: environment });
  const { stdout, ms } = await runCli(command.split(' '), { env: environment });
  expect(stdout).toContain(text);
  expect(ms - idle.ms, command).toBeLessThan(PROMISED_MS);
}

/** Waits until the program says so, and gives the time at which it did. */
async function saidAt(program: ReturnType<typeof startCli>, text: string): Promise<number> {
  await until(`it says "${text}"`, () => program.output.stderr.includes(text));
  return Date.now();
}

/** The times, by Temporal's clock, of the training's scheduling and of the end of the first task in which its run could say so. */
async function timesOfWaiting(model: string): Promise<{ readonly scheduled: number; readonly told: number }> {
  const { events = [] } = await temporal.client.workflow.getHandle(runId(model, 1)).fetchHistory();
  const named = (name: string) =>
    events?.find(({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === `perennial.${name}`);
  const watched = events?.findIndex(
    ({ activityTaskCompletedEventAttributes: of }) =>
      of && String(of.scheduledEventId) === String(named('watchWorkers')?.eventId),
  );
  const told = events?.slice(watched).find(({ workflowTaskCompletedEventAttributes: of }) => of);
  const time = (event = named('none')) =>
    Number(event?.eventTime?.seconds ?? 0) * 1000 + (event?.eventTime?.nanos ?? 0) / 1e6;
  return { scheduled: time(named('train')), told: time(told) };
}

const GPU =
  'waits for a worker of class gpu, and there is none; start one, with --gpus where it has some: perennial worker --class gpu --task-queue perennial';
const CPU =
  'waits for a worker of class cpu, and there is none; start one, with --gpus where it has some: perennial worker --task-queue perennial';

describe('a class without a worker', () => {
  it('is told within five seconds in the UI and by the CLI, and again when its worker is killed while it trains', async () => {
    await start('cpu');
    const training = await applyHeld('deep', 'gpu');
    const run = startCli(['run', 'deep', '--wait'], { env: environment });
    const said = await saidAt(run, GPU);
    const details = async () => {
      const handle = temporal.client.workflow.getHandle(runId('deep', 1));
      return (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
    };
    await until('the UI says so', async () => (await details()).includes('waits for a worker of class gpu'));
    const { scheduled, told } = await timesOfWaiting('deep');
    expect(told - scheduled).toBeLessThan(PROMISED_MS);
    expect(said - scheduled).toBeLessThan(PROMISED_MS);
    for (const command of ['status deep', 'show deep 1']) await tells(command, GPU);

    const worker = await start('gpu');
    await training.begins();
    await saidAt(run, 'waits no more: a worker has it');
    run.output.stderr = '';
    const killed = await kill(worker);
    expect((await saidAt(run, GPU)) - killed).toBeLessThan(MISSED_MS);
    await until('the UI says so', async () => (await details()).includes('waits for a worker of class gpu'));
    expect(Date.now() - killed).toBeLessThan(MISSED_MS);
    await training.end();
    await start('gpu');
    expect((await run.ended).stdout).toContain('FAILED');
  }, 180_000);

  it('is told when its worker was killed before it had sent a heartbeat', async () => {
    const worker = await start('young');
    const workers = () => workersOn(temporal.client, 'perennial-young');
    await until('it asks for work', async () => (await workers()) === 1);
    const query = 'TaskQueue = "perennial-young"';
    const beating = await temporal.client.workflowService.listWorkers({ namespace: 'default', query });
    expect(beating.workers ?? []).toEqual([]);
    const killed = await kill(worker);
    await until('it is missed', async () => (await workers()) === 0);
    expect(Date.now() - killed).toBeLessThan(MISSED_MS);
  }, 180_000);
});

describe('the class cpu without a worker, by which no workflow goes on', () => {
  it('is told by the CLI, also when its worker is killed while it trains', async () => {
    const worker = await start('cpu');
    const training = await applyHeld('plain', 'cpu');
    const run = startCli(['run', 'plain', '--wait'], { env: environment });
    await training.begins();
    await saidAt(run, 'train');
    const killed = await kill(worker);
    expect((await saidAt(run, CPU)) - killed).toBeLessThan(MISSED_MS);
    for (const command of ['status plain', 'show plain 1', 'show plain latest']) await tells(command, CPU);
    await tells('status', 'no worker answers');
    const asked = startCli(['run', 'plain'], { env: environment });
    await saidAt(asked, 'No worker polls the task queue "perennial"');
    await training.end();
    await start('cpu');
    expect((await run.ended).stdout).toContain('FAILED');
    await asked.ended;
  }, 180_000);
});
