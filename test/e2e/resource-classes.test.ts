import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { underWayText, runUnderWay } from '../../src/cli/run-under-way.js';
import { statusOf } from '../../src/cli/status-of.js';
import { statusText } from '../../src/cli/status-text.js';
import { PerennialClient } from '../../src/client.js';
import { defineModel } from '../../src/define-model.js';
import { loopId, runId } from '../../src/domain/run.js';
import type { TriggerKind } from '../../src/domain/trigger.js';
import type { WorkerResources } from '../../src/resources/declared.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { createWorker } from '../../src/worker.js';
import { requestTraining } from '../../workflows/messages.js';
import { plainCells } from '../support/plain-cells.js';
import { HeldTrainer } from '../support/held-trainer.js';
import { testTemporal, type TestTemporal } from '../support/temporal.js';
import { toyDay, toyDays, toySpec } from '../support/toy-data.js';
import { until } from '../support/until.js';

let temporal: TestTemporal;
let folder: string;
let store: FolderStore;
let client: PerennialClient;
let trainer: HeldTrainer;
let running: { readonly worker: Worker; readonly ended: Promise<void> }[] = [];
beforeAll(async () => {
  [temporal, folder] = await Promise.all([testTemporal(), mkdtemp(join(tmpdir(), 'perennial-classes-'))]);
  store = new FolderStore(join(folder, 'store'));
  client = new PerennialClient({ client: temporal.client, store });
  await mkdir(join(folder, 'data'));
  await Promise.all(toyDays(14).map((day) => writeFile(join(folder, 'data', `${day}.csv`), toyDay(day))));
});
afterEach(async () => {
  for (const { worker } of running) if (worker.getState() === 'RUNNING') worker.shutdown();
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
});
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(resources: WorkerResources): Promise<Worker> {
  const worker = await createWorker({
    connection: temporal.connection,
    store,
    python: () => Promise.reject(new Error('no Python here')),
    workFolder: join(folder, 'work'),
    trainers: { held: trainer },
    resources,
  });
  running.push({ worker, ended: worker.run() });
  return worker;
}

async function apply(model: string, resources: { class?: string; cpus?: number; gpus?: number } = {}): Promise<void> {
  const spec = toySpec(model, join(folder, 'data'), { trainer: { kind: 'held', resources } });
  await client.apply({ spec: defineModel(spec) });
}

async function ask(model: string, kind: TriggerKind = 'manual'): Promise<void> {
  const loop = temporal.client.workflow.getHandle(loopId(model));
  await loop.executeUpdate(requestTraining, {
    args: [{ trigger: { kind, by: 'a test', reason: 'to see' }, cache: false }],
  });
}

const names = () => trainer.begun.map(({ name }) => name.replace(/-\d+$/, ''));
const ended = async (model: string) => (await client.runs(model)).length > 0;

/** What the pending step of a run shows in the Temporal UI. */
async function heartbeat(model: string): Promise<string> {
  const run = await once(() => temporal.client.workflow.getHandle(runId(model, 1)).describe());
  const [details] = run?.raw.pendingActivities?.at(0)?.heartbeatDetails?.payloads ?? [];
  return Buffer.from(details?.data ?? []).toString();
}

/** What a run shows of itself in the Temporal UI. */
async function details(model: string): Promise<string> {
  const run = temporal.client.workflow.getHandle(runId(model, 1));
  const metadata = await once(() => run.query<{ currentDetails?: string }>('__temporal_workflow_metadata'));
  return plainCells(metadata?.currentDetails);
}

/** Undefined while the run cannot be found: it is promised a moment before its execution exists. */
async function once<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

describe('a worker that has two processors', () => {
  it('trains no more than two of three at once, and gets everything back from a failure and a cancellation', async () => {
    trainer = new HeldTrainer();
    await start({ cpus: 2 });
    const models = ['one', 'two', 'three'];
    for (const model of models) {
      await apply(model);
      await ask(model);
    }
    await until('two train', () => trainer.underWay === 2);
    const late = models.find((model) => !names().includes(model))!;
    await until('the third says what it waits for', async () =>
      (await heartbeat(late)).includes('waits for 1 cpu: 0 of 2 free'),
    );
    const [first, second] = names() as [string, string];
    trainer.end(first, 'failed');
    await until('the third trains', () => names().length === 3);
    await temporal.client.workflow.getHandle(runId(second, 1)).cancel();
    await until('the second is cancelled', () => ended(second));

    for (const model of ['four', 'five']) {
      await apply(model);
      await ask(model);
    }
    await until('the fourth trains', () => names().length === 4);
    trainer.end(late);
    await until('the fifth trains', () => names().length === 5);
    expect(trainer.most).toBe(2);
    await until('the third is judged while others train', () => ended(late));
    expect((await client.run(late, 1)).outcome).toBe('PROMOTE');
    for (const model of ['four', 'five']) trainer.end(model);
    await until('all have ended', async () => (await ended('four')) && (await ended('five')));
  });

  it('refuses what it never has, once', async () => {
    trainer = new HeldTrainer();
    await start({ cpus: 2, gpus: 1 });
    await apply('large', { cpus: 8 });
    await ask('large');
    await until('it has failed', () => ended('large'));
    expect((await client.run('large', 1)).failure).toMatchObject({ code: 'RESOURCES.TOO_LARGE', stage: 'train' });
    expect((await client.run('large', 1)).failure?.message).toContain('of class cpu has 2 cpus');
  });
});

describe('a model of another class', () => {
  it('waits for a worker, says so in the run and to whoever asks, and goes on when one comes', async () => {
    trainer = new HeldTrainer();
    await start({ cpus: 2 });
    await apply('deep', { class: 'gpu', gpus: 1 });
    await ask('deep');
    const waits =
      'waits for a worker of class gpu, and there is none; start one, with --gpus where it has some: perennial worker --class gpu --task-queue perennial';
    await until('the run says so', async () => (await details('deep')).includes(`| now | ${waits} |`));
    const where = {
      address: temporal.address,
      namespace: 'default',
      taskQueue: 'perennial',
      store: '',
      env: {},
      fromDev: false,
    };
    const connected = { perennial: client, temporal: temporal.client, store, where };
    const screen = { isTty: false, width: 80, colours: { bold: (text: string) => text } } as never;
    expect(statusText(screen, await statusOf(connected, 'deep'))).toContain(`run 1 ${waits}`);
    expect(underWayText('deep', (await runUnderWay(connected, 'deep', 1))!)).toContain(`It ${waits}`);

    await start({ class: 'gpu', cpus: 1, gpus: 2 });
    await until('it trains', () => names().includes('deep'));
    expect(trainer.begun[0]?.environment).toMatchObject({ CUDA_VISIBLE_DEVICES: '0' });
    await until('the text has gone', async () => !(await details('deep')).includes('waits for'));
    trainer.end('deep');
    await until('it has ended', () => ended('deep'));
    expect((await client.run('deep', 1)).outcome).toBe('PROMOTE');
  });

  it('trains by priority where it waits: what a person asked for first, a backfill last', async () => {
    trainer = new HeldTrainer();
    await start({ cpus: 4 });
    await start({ class: 'big', cpus: 1 });
    const asked: [string, TriggerKind][] = [
      ['first', 'manual'],
      ['filled', 'backfill'],
      ['planned', 'schedule'],
      ['wanted', 'manual'],
    ];
    for (const [model, kind] of asked) {
      await apply(model, { class: 'big' });
      await ask(model, kind);
      await until(`${model} waits or trains`, () => atTraining(model));
    }
    await until('the run says that there is no room', async () =>
      (await details('planned')).includes('waits for room: the workers of class big are busy'),
    );
    for (const model of ['first', 'wanted', 'planned', 'filled']) {
      await until(`${model} trains`, () => names().at(-1) === model);
      trainer.end(model);
    }
    await until('all have ended', async () => (await Promise.all(asked.map(([model]) => ended(model)))).every(Boolean));
    expect(trainer.most).toBe(1);
  });
});

async function atTraining(model: string): Promise<boolean> {
  const description = await once(() => temporal.client.workflow.getHandle(runId(model, 1)).describe());
  return (description?.raw.pendingActivities ?? []).some(
    ({ activityType }) => activityType?.name === 'perennial.train',
  );
}
