import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplicationFailure, ScheduleOverlapPolicy, WorkflowFailedError } from '@temporalio/client';
import type { ActivityDeps } from '../../activities/deps.js';
import { findOutcome } from '../../activities/find-outcome.js';
import type { Activities } from '../../activities/index.js';
import { record } from '../../activities/record.js';
import { askForTraining } from '../../activities/ask-for-training.js';
import { loopOptions } from '../../src/loop-options.js';
import { loopId, runId } from '../../src/domain/run.js';
import type { TrainingAnswer, TrainingRequest } from '../../src/domain/trigger.js';
import type { LoopState } from '../../src/domain/loop.js';
import * as messages from '../../workflows/messages.js';
import type { modelLoop } from '../../workflows/model-loop.js';
import type { retrainOnSchedule } from '../../workflows/retrain-on-schedule.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { fakeActivities, fakePlan, fakeRef } from '../support/fake-activities.js';
import { testTemporal, testWorker, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
let folder: string;
let deps: ActivityDeps;
beforeAll(async () => {
  temporal = await testTemporal();
  folder = await mkdtemp(join(tmpdir(), 'perennial-loop-'));
  const store = new FolderStore(folder);
  deps = { store, remembered: store } as unknown as ActivityDeps; // the real activities here use nothing else
});
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true });
});

const request: TrainingRequest = { trigger: { kind: 'manual', by: 'ann', reason: 'a test' } };

async function withLoop(
  overrides: Partial<Activities>,
  use: (loop: {
    model: string;
    ask: (request: TrainingRequest, id?: string) => Promise<TrainingAnswer>;
    handle: ReturnType<typeof temporal.client.workflow.getHandle<typeof modelLoop>>;
  }) => Promise<void>,
  options: { maxCachedWorkflows?: number } = {},
) {
  const model = `m-${randomUUID().slice(0, 8)}`;
  const activities = fakeActivities({
    'perennial.askForTraining': (input) => askForTraining(deps, input),
    ...overrides,
  });
  const worker = await testWorker(temporal, { activities, ...options });
  await worker.runUntil(async () => {
    const handle = await temporal.client.workflow.start<typeof modelLoop>('modelLoop', {
      workflowId: loopId(model),
      taskQueue: 'perennial',
      args: [{ model, plan: fakePlan }],
    });
    await use({
      model,
      handle,
      ask: (request, id = randomUUID()) =>
        handle.executeUpdate(messages.requestTraining, { updateId: id, args: [request] }),
    });
    await temporal.client.workflow.getHandle(loopId(model)).terminate();
  });
}

/** A gate that an activity waits at until the test opens it. */
function door() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('modelLoop', () => {
  it('runs one at a time, queues one, coalesces the next, and hands the snapshot on', async () => {
    const { open, opened } = door();
    const seen: (string | undefined)[] = [];
    await withLoop(
      {
        'perennial.ingest': async ({ previous }) => {
          seen.push(previous?.sha256[0]);
          await opened;
          return { snapshot: fakeRef('b'), changes: fakeRef('8'), rows: 1, newRows: 1, message: '' };
        },
      },
      async ({ model, ask }) => {
        expect(await ask(request)).toMatchObject({ outcome: 'started', run: 1 });
        expect(await ask(request)).toMatchObject({ outcome: 'queued', run: 2 });
        expect(await ask(request)).toMatchObject({ outcome: 'coalesced', run: 2 });
        open();
        await waitForRun(model, 1);
        await temporal.client.workflow.getHandle(runId(model, 1)).result();
        await waitForRun(model, 2);
        expect(seen).toEqual([undefined, 'b']);
      },
    );
  });

  it('gives a repeated request the same answer and no second run', async () => {
    await withLoop({}, async ({ model, ask, handle }) => {
      const first = await ask(request, 'the-request');
      expect(await ask(request, 'the-request')).toEqual(first);
      await waitForRun(model, 1);
      const { nextRun } = await handle.query(messages.status);
      expect(nextRun).toBe(2);
    });
  });

  it('outlives a failed run and keeps the last good snapshot', async () => {
    let fail = false;
    await withLoop(
      {
        'perennial.validate': async () => {
          if (fail) throw ApplicationFailure.create({ type: 'DATA.CONTRACT', message: 'broken', nonRetryable: true });
          return { snapshot: fakeRef('b'), report: fakeRef('c'), rows: 1, message: '' };
        },
        'perennial.ingest': async () => ({
          snapshot: fakeRef(fail ? '9' : '7'),
          changes: fakeRef('8'),
          rows: 1,
          newRows: 1,
          message: '',
        }),
      },
      async ({ model, ask, handle }) => {
        await ask(request);
        // Asked before the loop has taken note of the end, the next run would be queued and not be there yet.
        await settled(handle, 1);
        fail = true;
        await ask(request);
        await waitForRun(model, 2);
        await expect(temporal.client.workflow.getHandle(runId(model, 2)).result()).rejects.toThrow(WorkflowFailedError);
        await settled(handle, 2);
        fail = false;
        await ask(request);
        const { recent, snapshot } = await settled(handle, 3);
        expect(recent.map(({ run, outcome }) => [run, outcome])).toEqual([
          [1, 'PROMOTE'],
          [2, 'FAILED'],
          [3, 'PROMOTE'],
        ]);
        expect(snapshot?.sha256[0]).toBe('b');
      },
    );
  });

  it('refuses a schedule while paused, and takes a person', async () => {
    await withLoop({}, async ({ ask, handle }) => {
      await handle.executeUpdate(messages.pause, { args: [{ by: 'ann' }] });
      const bySchedule: TrainingRequest = { trigger: { kind: 'schedule', by: 's', reason: 'time' } };
      expect(await ask(bySchedule)).toMatchObject({ outcome: 'refused', reason: 'paused' });
      expect(await ask(request)).toMatchObject({ outcome: 'started' });
      await handle.executeUpdate(messages.resume, { args: [{ by: 'ann' }] });
      expect((await handle.query(messages.status)).paused).toBe(false);
    });
  });

  it('terminated while paused, is started again paused; a run that a schedule had started keeps its cooldown', async () => {
    const overrides: Partial<Activities> = { 'perennial.record': (run) => record(deps, run) };
    await withLoop(overrides, async ({ model, ask, handle }) => {
      await ask(request);
      await waitForRun(model, 1);
      const at = { client: temporal.client, store: deps.store };
      const options = async () => (await loopOptions(at, model, fakePlan, 'perennial')).args[0];
      expect(await options()).toMatchObject({ paused: false, firstRun: 2 });
      await handle.executeUpdate(messages.pause, { args: [{ by: 'ann' }] });
      await handle.terminate();
      const again = await options();
      expect(again).toMatchObject({ paused: true });
      expect(Date.now() - again.lastStartMs!).toBeLessThan(60_000);
      const restarted = await temporal.client.workflow.start<typeof modelLoop>(
        'modelLoop',
        await loopOptions(at, model, fakePlan, 'perennial'),
      );
      expect(await restarted.query(messages.status)).toMatchObject({ paused: true, lastStartMs: again.lastStartMs });
      await restarted.executeUpdate(messages.resume, { args: [{ by: 'ann' }] });
      expect(await options()).toMatchObject({ paused: false });
    });
  });

  it('takes two requests that come in the same moment as a run and a queued run', async () => {
    await withLoop({}, async ({ model, ask }) => {
      const answers = await Promise.all([ask(request), ask({ ...request, parameters: { depth: 3 } })]);
      expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['queued', 'started']);
      await waitForRun(model, 2);
    });
  });

  it('comes to the same answers when every task replays from the start', async () => {
    await withLoop(
      {},
      async ({ model, ask }) => {
        expect(await ask(request)).toMatchObject({ outcome: 'started', run: 1 });
        await waitForRun(model, 1);
      },
      { maxCachedWorkflows: 0 },
    );
  });
});

describe('retrainOnSchedule', () => {
  it('asks the loop, starting it if need be, and ends with the outcome of the run', async () => {
    await withLoop({}, async ({ model, handle }) => {
      await handle.terminate();
      const result = await temporal.client.workflow.execute<typeof retrainOnSchedule>('retrainOnSchedule', {
        workflowId: `perennial/${model}/schedule`,
        taskQueue: 'perennial',
        args: [{ model, plan: fakePlan }],
      });
      expect(result).toMatchObject({ run: 1, outcome: 'PROMOTE', summary: 'Version 1 is now live. It is good.' });
    });
  });

  it('ends although the loop that promised to tell was terminated: by the record, or as lost', async () => {
    const { open, opened } = door();
    await withLoop(
      {
        'perennial.ingest': async () => {
          await opened;
          return { snapshot: fakeRef('b'), changes: fakeRef('8'), rows: 1, newRows: 1, message: '' };
        },
        'perennial.record': (run) => record(deps, run),
        'perennial.findOutcome': (input) => findOutcome(deps, input),
      },
      async ({ model, handle }) => {
        const { workflow } = temporal.client;
        const ask = (id: string) =>
          workflow.start<typeof retrainOnSchedule>('retrainOnSchedule', {
            workflowId: `perennial/${model}/${id}`,
            taskQueue: 'perennial',
            args: [{ model, plan: fakePlan, patienceMs: 200 }],
          });
        // One after the other: two that come in one task would be one run.
        const first = await ask('first');
        await eventually(async () => ((await handle.query(messages.status)).current ? [true] : []));
        const second = await ask('second');
        await eventually(async () => {
          const { current, queued } = await handle.query(messages.status);
          return current && queued ? [true] : [];
        });
        await workflow.getHandle(loopId(model)).terminate();
        open();
        // Whichever came first has a run that goes on without its loop; the other one's was never started.
        const ends = await Promise.allSettled([first.result(), second.result()]);
        expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
        expect(ends.find(({ status }) => status === 'fulfilled')).toMatchObject({
          value: { run: 1, outcome: 'PROMOTE' },
        });
        await workflow.start<typeof modelLoop>('modelLoop', {
          workflowId: loopId(model),
          taskQueue: 'perennial',
          args: [{ model, plan: fakePlan }],
        });
      },
    );
  });

  it('fails when the run fails, so that pause-on-failure means what it says', async () => {
    const broken = async () => {
      throw ApplicationFailure.create({ type: 'DATA.CONTRACT', message: 'broken', nonRetryable: true });
    };
    await withLoop({ 'perennial.validate': broken }, async ({ model }) => {
      const result = temporal.client.workflow.execute<typeof retrainOnSchedule>('retrainOnSchedule', {
        workflowId: `perennial/${model}/schedule`,
        taskQueue: 'perennial',
        args: [{ model, plan: fakePlan }],
      });
      await expect(result).rejects.toThrow(WorkflowFailedError);
    });
  });

  it('is started by a real paused Schedule when it is triggered, and shows among its recent runs', async () => {
    await withLoop({}, async ({ model }) => {
      const schedule = await temporal.client.schedule.create({
        scheduleId: `perennial/${model}/schedule`,
        spec: { cronExpressions: ['0 6 * * 1'] },
        action: {
          type: 'startWorkflow',
          workflowType: 'retrainOnSchedule',
          workflowId: `perennial/${model}/schedule`,
          taskQueue: 'perennial',
          args: [{ model, plan: fakePlan }],
        },
        state: { paused: true },
      });
      await schedule.trigger(ScheduleOverlapPolicy.SKIP);
      const [action] = await eventually(async () => (await schedule.describe()).info.recentActions);
      const started = action!.action;
      const result = await temporal.client.workflow.getHandle(started.workflow.workflowId).result();
      expect(result).toMatchObject({ run: 1, outcome: 'PROMOTE' });
      await schedule.delete();
    });
  });
});

async function waitForRun(model: string, run: number): Promise<void> {
  await eventually(async () => {
    const { status } = await temporal.client.workflow.getHandle(runId(model, run)).describe();
    return status.name === 'RUNNING' ? [] : [status];
  });
}

/** The loop's state once it has taken note of this run. */
async function settled(handle: { query: (q: typeof messages.status) => Promise<unknown> }, run: number) {
  const [state] = await eventually(async () => {
    const state = (await handle.query(messages.status)) as LoopState;
    return state.recent.some((outcome) => outcome.run === run) ? [state] : [];
  });
  return state!;
}

/** Polls until there is something to see; fails after 20 s. */
async function eventually<T>(look: () => Promise<T[]>): Promise<T[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const seen = await look().catch(() => []);
    if (seen.length > 0) return seen;
    if (Date.now() > deadline) throw new Error('nothing was seen within 20 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
