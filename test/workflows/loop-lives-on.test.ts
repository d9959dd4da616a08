import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askForTraining } from '../../activities/ask-for-training.js';
import type { ActivityDeps } from '../../activities/deps.js';
import { PerennialClient } from '../../src/client.js';
import { backfillId } from '../../src/domain/backfill.js';
import { loopId, loopMemo } from '../../src/domain/run.js';
import type { TrainingRequest } from '../../src/domain/trigger.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { modelKey } from '../../workflows/search-attributes.js';
import * as messages from '../../workflows/messages.js';
import type { modelLoop } from '../../workflows/model-loop.js';
import { fakeActivities, fakePlan, fakeRef } from '../support/fake-activities.js';
import { testTemporal, testWorker, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-lives-on-'));
  // A history grows long after years; here after sixty events.
  temporal = await testTemporal({ dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '60' } });
});
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true });
});

it('a loop continues as new with its state: run numbers, answers by request id, pause, plan and snapshot', async () => {
  const worker = await testWorker(temporal, { activities: fakeActivities() });
  await worker.runUntil(async () => {
    const { workflow } = temporal.client;
    const started = await workflow.start<typeof modelLoop>('modelLoop', {
      workflowId: loopId('m'),
      taskQueue: 'perennial',
      args: [{ model: 'm', plan: fakePlan }],
      memo: loopMemo(fakePlan),
      typedSearchAttributes: [{ key: modelKey, value: 'm' }],
    });
    const plan = { ...fakePlan, spec: fakeRef('c') };
    const loop = workflow.getHandle<typeof modelLoop>(loopId('m'));
    const ask = async (id: string) => {
      const request: TrainingRequest = { trigger: { kind: 'manual', by: 'ann', reason: id } };
      return await loop.executeUpdate(messages.requestTraining, { updateId: id, args: [request] });
    };
    const first = await ask('first');
    await loop.executeUpdate(messages.pause, { args: [{ by: 'ann' }] });
    await loop.signal(messages.setPlan, plan);
    const executions = new Set([started.firstExecutionRunId]);
    let runs = 1;
    while (executions.size < 3) {
      await ask(`again-${runs++}`);
      executions.add((await loop.describe()).runId);
      expect(runs).toBeLessThan(500);
    }
    expect(await ask('first')).toEqual(first);
    const state = await loop.query(messages.status);
    expect(state).toMatchObject({ paused: true, plan });
    expect(state.snapshot?.sha256[0]).toBe('b');
    expect(state.nextRun).toBeGreaterThan(2);
    const { memo, searchAttributes } = await loop.describe();
    expect(memo).toMatchObject({ perennial: { spec: plan.spec.sha256 } });
    expect(searchAttributes).toMatchObject({ PerennialModel: ['m'] });
    await loop.terminate();
  });
}, 120_000);

it('a worker that has just started knows that the last run has ended, and does not queue behind it', async () => {
  const { workflow } = temporal.client;
  const loop = workflow.getHandle<typeof modelLoop>(loopId('restarted'));
  // A run is promised a moment before its execution can be found; the client waits for it.
  const client = new PerennialClient({ client: temporal.client, store: new FolderStore(folder) });
  const ask = async (updateId: string) => {
    const request: TrainingRequest = { trigger: { kind: 'manual', by: 'ann', reason: updateId } };
    return await loop.executeUpdate(messages.requestTraining, { updateId, args: [request] });
  };
  const first = await testWorker(temporal, { activities: fakeActivities() });
  await first.runUntil(async () => {
    await workflow.start<typeof modelLoop>('modelLoop', {
      workflowId: loopId('restarted'),
      taskQueue: 'perennial',
      args: [{ model: 'restarted', plan: fakePlan }],
      memo: loopMemo(fakePlan),
      typedSearchAttributes: [{ key: modelKey, value: 'restarted' }],
    });
    expect(await ask('one')).toMatchObject({ outcome: 'started' });
    await client.runResult('restarted', 1);
    await expect.poll(async () => (await loop.query(messages.status)).current).toBeUndefined();
  });
  const second = await testWorker(temporal, { activities: fakeActivities() });
  await second.runUntil(async () => {
    expect(await ask('two')).toMatchObject({ outcome: 'started', run: 2 });
    await client.runResult('restarted', 2);
    await loop.terminate();
  });
}, 60_000);

it('a backfill continues as new between its windows and runs each of them once', async () => {
  const seen: string[] = [];
  const store = new FolderStore(folder);
  const deps = { store } as unknown as ActivityDeps; // the real activity here uses nothing else
  const activities = fakeActivities({
    'perennial.askForTraining': (input) => askForTraining(deps, input),
    'perennial.split': async ({ model, asOf = '' }) => {
      // A run of the loop above may have outlived it.
      if (model === 'b') seen.push(asOf.slice(0, 10));
      // It has failed, also for the executions that come after; only who starts the backfill again tries it again.
      if (model === 'b' && seen.length === 1)
        throw ApplicationFailure.create({ type: 'DATA.EMPTY', message: 'no', nonRetryable: true });
      return { cache: 'miss', split: fakeRef('d'), rows: { train: 8, validation: 1, test: 1 }, message: '' };
    },
  });
  const worker = await testWorker(temporal, { activities });
  await worker.runUntil(async () => {
    const { workflow } = temporal.client;
    const loop = await workflow.start<typeof modelLoop>('modelLoop', {
      workflowId: loopId('b'),
      taskQueue: 'perennial',
      args: [{ model: 'b', plan: fakePlan }],
    });
    const client = new PerennialClient({ client: temporal.client, store });
    const { windows } = await client.backfill('b', { from: '2025-01-01', to: '2025-01-13', every: '1d' });
    const handle = workflow.getHandle(backfillId('b'));
    const first = (await handle.describe()).runId;
    const result = await client.backfillResult('b');
    expect(seen).toEqual(windows.map((end) => end.slice(0, 10)));
    expect(result.windows.map(({ run }) => run)).toEqual(windows.map((_, index) => index + 1));
    const { runId, memo } = await handle.describe();
    expect(runId).not.toBe(first);
    expect(memo).toMatchObject({ perennialBackfill: { range: { every: '1d' }, promote: false } });
    await loop.terminate();
  });
}, 120_000);
