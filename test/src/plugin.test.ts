import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PluginClashError, UsageError } from '../../src/errors.js';
import { PerennialPlugin } from '../../src/plugin.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { workerDeps } from '../../src/worker.js';
import type { modelLoop } from '../../workflows/model-loop.js';
import { status } from '../../workflows/messages.js';
import type { greeting } from '../fixtures/users-workflows.js';
import { fakePlan } from '../support/fake-activities.js';
import { testTemporal, type TestTemporal } from '../support/temporal.js';

const logger = new DefaultLogger('ERROR');
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url));
const users = fixture('users-workflows');

let temporal: TestTemporal;
let folder: string;
let plugin: PerennialPlugin;
beforeAll(async () => {
  [temporal, folder] = await Promise.all([testTemporal(), mkdtemp(join(tmpdir(), 'perennial-plugin-'))]);
  const python = () => Promise.reject(new Error('no training here'));
  plugin = new PerennialPlugin({ deps: workerDeps({ store: new FolderStore(folder), python }) });
});
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true });
});

const activities = { greet: async (name: string) => `Hello, ${name}` };

function worker(options: Partial<WorkerOptions>): Promise<Worker> {
  const connection = temporal.connection;
  return Worker.create({
    connection,
    taskQueue: 'users',
    plugins: [plugin],
    activities,
    bundlerOptions: {},
    ...options,
  });
}

/** Proves that the worker carries the user's workflow and ours. */
async function carriesBoth(worker: Worker): Promise<void> {
  await worker.runUntil(async () => {
    const greeted = await temporal.client.workflow.execute<typeof greeting>('greeting', {
      workflowId: randomUUID(),
      taskQueue: 'users',
      args: ['Ada'],
    });
    expect(greeted).toBe('Hello, Ada');
    await carriesOurs();
  });
}

async function carriesOurs(): Promise<void> {
  const loop = await temporal.client.workflow.start<typeof modelLoop>('modelLoop', {
    workflowId: randomUUID(),
    taskQueue: 'users',
    args: [{ model: 'm', plan: fakePlan }],
  });
  expect(await loop.query(status)).toMatchObject({ model: 'm', nextRun: 1 });
  await loop.terminate();
}

describe('PerennialPlugin', () => {
  it('adds our workflows to those of a workflowsPath', async () => {
    await carriesBoth(await worker({ workflowsPath: users }));
  });

  it('leaves a workflowsPath that exports ours already as it is', async () => {
    await carriesBoth(await worker({ workflowsPath: fixture('users-workflows-with-ours') }));
  });

  it('works with a bundle that was built with it', async () => {
    const workflowBundle = await bundleWorkflowCode({ workflowsPath: users, plugins: [new PerennialPlugin()], logger });
    await carriesBoth(await worker({ workflowBundle }));
  });

  it('serves a worker that has no workflows of its own', async () => {
    const { runUntil } = await bound(worker({}));
    await runUntil(carriesOurs);
  });

  it('refuses a bundle that was built without it, and says how to build it', async () => {
    const workflowBundle = await bundleWorkflowCode({ workflowsPath: users, logger });
    const refused = worker({ workflowBundle });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toMatchObject({ fix: expect.stringContaining('bundleWorkflowCode') });
  });

  it('refuses another activity or workflow under a name of ours', async () => {
    const clash = { 'perennial.train': async () => 'mine' };
    await expect(worker({ workflowsPath: users, activities: clash })).rejects.toThrow(PluginClashError);
    await expect(worker({ workflowsPath: fixture('clashing-workflows') })).rejects.toThrow(/both export "rollout"/);
  });

  it('has one effect when it is registered twice and on the connection too', async () => {
    const connection = await NativeConnection.connect({ address: temporal.address, plugins: [plugin] });
    await carriesBoth(await worker({ connection, workflowsPath: users, plugins: [plugin, plugin] }));
    await connection.close();
  });

  it("lets heartbeats through often, unless the user's options say otherwise", () => {
    const interval = (options: Partial<WorkerOptions>) =>
      plugin.configureWorker({ taskQueue: 'users', ...options }).maxHeartbeatThrottleInterval;
    expect(interval({})).toBe('1s');
    expect(interval({ maxHeartbeatThrottleInterval: '7s' })).toBe('7s');
  });

  it("keeps the user's interceptors and payload codecs", async () => {
    const seen: string[] = [];
    const codec = {
      encode: async (payloads: never[]) => (seen.push('encode'), payloads),
      decode: async (payloads: never[]) => (seen.push('decode'), payloads),
    };
    const interceptor = () => ({
      inbound: {
        execute: async (input: never, next: (input: never) => Promise<unknown>) => (
          seen.push('activity'),
          await next(input)
        ),
      },
    });
    const options = { dataConverter: { payloadCodecs: [codec] }, interceptors: { activity: [interceptor] } };
    await carriesBoth(await worker({ workflowsPath: users, ...(options as unknown as Partial<WorkerOptions>) }));
    expect(new Set(seen)).toEqual(new Set(['encode', 'decode', 'activity']));
  });
});

async function bound(worker: Promise<Worker>) {
  const made = await worker;
  return { runUntil: made.runUntil.bind(made) };
}
