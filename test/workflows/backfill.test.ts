import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askForTraining } from '../../activities/ask-for-training.js';
import type { ActivityDeps } from '../../activities/deps.js';
import { findBackfilled } from '../../activities/find-backfilled.js';
import type { Activities } from '../../activities/index.js';
import { record } from '../../activities/record.js';
import type { BackfillOptions } from '../../src/backfills.js';
import { PerennialClient } from '../../src/client.js';
import { backfillId } from '../../src/domain/backfill.js';
import { loopId, runId } from '../../src/domain/run.js';
import { BackfillRunningError, BackfillStoppedError, NotFoundError, UsageError } from '../../src/errors.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import type { backfill } from '../../workflows/backfill.js';
import * as messages from '../../workflows/messages.js';
import type { modelLoop } from '../../workflows/model-loop.js';
import { fakeActivities, fakePlan, fakeRef } from '../support/fake-activities.js';
import { testTemporal, testWorker, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
let folder: string;
let store: FolderStore;
beforeAll(async () => {
  temporal = await testTemporal();
  folder = await mkdtemp(join(tmpdir(), 'perennial-backfill-'));
  store = new FolderStore(folder);
});
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true });
});

/** Three windows, which end on the 8th, the 15th and the 22nd. */
const three: BackfillOptions = { from: '2025-01-01', to: '2025-01-23' };
const days = ['2025-01-08', '2025-01-15', '2025-01-22'];

interface Backfilled {
  readonly model: string;
  readonly client: PerennialClient;
  /** `asOf` and `promote` of the splits and promotions, in order: `2025-01-08`, `promote`. */
  readonly seen: string[];
}

/** A loop with real records and fake steps; `onSplit` is called with the day of each window. */
async function withLoop(
  onSplit: (day: string, model: string) => Promise<void>,
  use: (world: Backfilled) => Promise<void>,
  { maxCachedWorkflows, overrides = {} }: { maxCachedWorkflows?: number; overrides?: Partial<Activities> } = {},
) {
  const model = `m-${randomUUID().slice(0, 8)}`;
  const seen: string[] = [];
  const deps = { store, remembered: store } as unknown as ActivityDeps; // the real activities here use nothing else
  const activities = fakeActivities({
    'perennial.askForTraining': (input) => askForTraining(deps, input),
    'perennial.findBackfilled': (input) => findBackfilled(deps, input, new AbortController().signal),
    'perennial.record': (run) => record(deps, run),
    'perennial.split': async ({ asOf = 'all' }) => {
      const day = asOf.slice(0, 10);
      seen.push(day);
      await onSplit(day, model);
      return { cache: 'miss', split: fakeRef('d'), rows: { train: 800, validation: 50, test: 100 }, message: 'split' };
    },
    'perennial.promote': async () => {
      seen.push('promote');
      return { generation: 2 };
    },
    ...overrides,
  });
  const worker = await testWorker(temporal, {
    activities,
    ...(maxCachedWorkflows !== undefined && { maxCachedWorkflows }),
  });
  await worker.runUntil(async () => {
    await startLoop(model);
    await use({ model, seen, client: new PerennialClient({ client: temporal.client, store }) });
    await temporal.client.workflow.getHandle(loopId(model)).terminate();
  });
}

async function startLoop(model: string, firstRun = 1) {
  await temporal.client.workflow.start<typeof modelLoop>('modelLoop', {
    workflowId: loopId(model),
    taskQueue: 'perennial',
    args: [{ model, plan: fakePlan, firstRun }],
  });
}

const nothing = async () => {};
const emptyWindow = () =>
  ApplicationFailure.create({ type: 'DATA.EMPTY', message: 'no rows in the window', nonRetryable: true });

/** A gate that an activity waits at until the test opens it. */
function door() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`Waited 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('backfill', () => {
  it('runs the windows in order as runs of the loop, and nothing is promoted', async () => {
    await withLoop(nothing, async ({ model, client, seen }) => {
      const started = await client.backfill(model, three);
      expect(started).toMatchObject({ workflowId: backfillId(model), already: false });
      expect(started.windows.map((end) => end.slice(0, 10))).toEqual(days);
      const result = await client.backfillResult(model);
      expect(Object.keys(result)[0]).toBe('summary');
      expect(result.summary).toBe(
        `Backfill of ${model}, 2025-01-01 to 2025-01-22, is done; 3 windows: 3 PROMOTE; the champion stays, as nobody asked to promote`,
      );
      expect(result.windows.map(({ run, outcome }) => [run, outcome])).toEqual(
        [1, 2, 3].map((run) => [run, 'PROMOTE']),
      );
      expect(seen).toEqual(days);
      const records = await client.runs(model);
      expect(records).toMatchObject(
        days
          .toReversed()
          .map((day) => ({ asOf: `${day}T00:00:00.000Z`, promote: false, trigger: { kind: 'backfill' } })),
      );
      expect(records[0]!.trigger.reason).toBe('backfill as of 2025-01-22, window 3 of 3');
      expect(records[0]!.summary).toContain('would have been promoted; as asked, no version is live yet');

      const described = await temporal.client.workflow.getHandle(backfillId(model)).describe();
      expect(described.searchAttributes).toMatchObject({ PerennialModel: [model], PerennialTrigger: ['backfill'] });
      const run = await temporal.client.workflow.getHandle(runId(model, 2)).describe();
      expect(run.searchAttributes).toMatchObject({ PerennialTrigger: ['backfill'], PerennialVerdict: ['PROMOTE'] });
    });
  });

  it('rolls each PROMOTE out when asked to', async () => {
    await withLoop(nothing, async ({ model, client, seen }) => {
      await client.backfill(model, { ...three, promote: true });
      const result = await client.backfillResult(model);
      expect(result.summary).toContain('each PROMOTE was rolled out');
      expect(seen).toEqual(days.flatMap((day) => [day, 'promote']));
    });
  });

  it('records a window without rows and goes on', async () => {
    const onSplit = async (day: string) => {
      if (day === days[0]) throw emptyWindow();
    };
    await withLoop(onSplit, async ({ model, client }) => {
      await client.backfill(model, three);
      const { windows, summary } = await client.backfillResult(model);
      expect(summary).toContain('3 windows: 2 PROMOTE, 1 FAILED');
      expect(windows[0]).toMatchObject({
        run: 1,
        outcome: 'FAILED',
        summary: 'Run 1 failed at split: no rows in the window',
        failure: { code: 'DATA.EMPTY', stage: 'split' },
      });
    });
  });

  it('stops at what every window would fail of, and goes on with that window when it is mended', async () => {
    let broken = true;
    const overrides: Partial<Activities> = {
      'perennial.validate': async ({ snapshot }) => {
        if (broken) {
          throw ApplicationFailure.create({ type: 'DATA.CONTRACT', message: 'no column "delay"', nonRetryable: true });
        }
        return { snapshot, report: fakeRef('c'), rows: 1, message: '' };
      },
    };
    await withLoop(
      nothing,
      async ({ model, client, seen }) => {
        await client.backfill(model, three);
        const error = (await client.backfillResult(model).catch((thrown: unknown) => thrown)) as BackfillStoppedError;
        expect(error).toBeInstanceOf(BackfillStoppedError);
        expect(error.message).toContain(
          'stopped after 1 of 3 windows, as every window would fail like this one: Run 1',
        );
        expect(error.message).toContain('no column "delay"');
        expect(seen).toEqual([]);
        broken = false;
        await client.backfill(model, three);
        expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([2, 3, 4]);
        expect(seen).toEqual(days);
      },
      { overrides },
    );
  });

  it('cancelled, ends with the run under way; asked for again, does the rest only', async () => {
    const second = door();
    let cancelled: Promise<void> | undefined;
    const onSplit = async (day: string, model: string) => {
      if (day !== days[1] || cancelled) return;
      cancelled = new PerennialClient({ client: temporal.client, store }).cancelBackfill(model);
      await cancelled;
      await second.opened;
    };
    await withLoop(onSplit, async ({ model, client, seen }) => {
      await client.backfill(model, three);
      await until('the cancellation', async () => cancelled !== undefined && (await cancelled, true));
      // The run that it waits for goes on, and it with it.
      expect((await temporal.client.workflow.getHandle(backfillId(model)).describe()).status.name).toBe('RUNNING');
      second.open();
      await expect(client.backfillResult(model)).rejects.toThrow(CancelledFailure);
      expect((await client.backfillState(model)).done.map(({ run }) => run)).toEqual([1, 2]);
      await expect(client.cancelBackfill(model)).rejects.toThrow(NotFoundError);

      await client.backfill(model, three);
      expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([1, 2, 3]);
      expect(seen).toEqual(days);

      await client.backfill(model, three);
      expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([1, 2, 3]);
      await client.backfill(model, { ...three, restart: true });
      expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([4, 5, 6]);
    });
  });

  it('cancelled at once, takes the run with it, and tries its window again', async () => {
    const first = door();
    let attempts = 0;
    const onSplit = async (day: string) => {
      if (day === days[0] && attempts++ === 0) await first.opened;
    };
    await withLoop(onSplit, async ({ model, client }) => {
      await client.backfill(model, three);
      await until('the first window', async () => attempts > 0);
      await client.cancelBackfill(model, { now: true });
      await expect(client.backfillResult(model)).rejects.toThrow(CancelledFailure);
      first.open();
      expect(await client.run(model, 1)).toMatchObject({ outcome: 'FAILED', failure: { code: 'RUN.CANCELLED' } });
      await client.backfill(model, three);
      expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([2, 3, 4]);
    });
  });

  it('gives way to people, waits while the model is paused, and says why', async () => {
    const { open, opened } = door();
    const onSplit = async (day: string) => {
      if (day === 'all') await opened;
    };
    await withLoop(onSplit, async ({ model, client, seen }) => {
      await client.requestTraining(model);
      await client.backfill(model, { ...three, to: '2025-01-08' });
      const waiting = async () => (await client.backfillState(model)).waiting ?? '';
      await until('it waits', async () => (await waiting()).includes('Run 1 comes first'));
      await client.requestTraining(model);
      await client.pause(model);
      open();
      await until('it is held', async () => (await waiting()).includes('paused'));
      await client.resume(model);
      expect((await client.backfillResult(model)).windows).toMatchObject([{ run: 3 }]);
      expect(seen.filter((what) => what !== 'promote')).toEqual(['all', 'all', days[0]]);
    });
  });

  it('stops when another spec is applied on the way, and does all windows again by that one', async () => {
    const plan = { ...fakePlan, spec: fakeRef('7') };
    const onSplit = async (day: string, model: string) => {
      if (day === days[0]) await temporal.client.workflow.getHandle(loopId(model)).signal(messages.setPlan, plan);
    };
    await withLoop(onSplit, async ({ model, client, seen }) => {
      await client.backfill(model, three);
      await expect(client.backfillResult(model)).rejects.toThrow('stopped after 1 of 3 windows, as The spec of');
      expect(seen).toEqual([days[0]]);
      await client.backfill(model, three);
      expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([2, 3, 4]);
    });
  });

  it('terminated and started again, waits for the run that it had asked for, and does not run the window twice', async () => {
    const { open, opened } = door();
    await withLoop(
      async () => await opened,
      async ({ model, client, seen }) => {
        await client.backfill(model, three);
        await until('the first window', async () => seen.length > 0);
        await temporal.client.workflow.getHandle(backfillId(model)).terminate();
        await client.backfill(model, three);
        await until('it has found the run', async () => (await client.backfillState(model)).current?.run === 1);
        open();
        expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([1, 2, 3]);
        expect(seen).toEqual(days);
      },
    );
  });

  it.each([
    { promote: false, runs: [3, 2, 4], order: [0, 1, 0, 2] },
    { promote: true, runs: [2, 3], order: [0, 1, 2] },
  ])(
    'terminated while a later window was under way, does not run that one again, promote $promote',
    async ({ promote, runs, order }) => {
      const { open, opened } = door();
      let failed = false;
      const onSplit = async (day: string) => {
        if (day === days[1]) await opened;
        if (day !== days[0] || failed) return;
        failed = true;
        throw emptyWindow();
      };
      await withLoop(onSplit, async ({ model, client, seen }) => {
        await client.backfill(model, { ...three, promote });
        await until('the second window', async () => seen.length === 2);
        await temporal.client.workflow.getHandle(backfillId(model)).terminate();
        await client.backfill(model, { ...three, promote });
        const waiting = async () => (await client.backfillState(model)).waiting ?? '';
        await until('it waits', async () => (await waiting()).includes('Run 2 comes first'));
        open();
        const result = await client.backfillResult(model);
        expect(result.windows.map(({ run }) => run)).toEqual(runs);
        expect(seen.filter((what) => what !== 'promote')).toEqual(order.map((index) => days[index]));
        expect(result.summary.includes('left out, as a newer champion was there: 1')).toBe(promote);
      });
    },
  );

  it('promotes nothing that is older than what the model has learned from, unless told to', async () => {
    await withLoop(nothing, async ({ model, client, seen }) => {
      await client.backfill(model, { ...three, promote: true });
      await client.backfillResult(model);
      const before = { from: '2024-12-18', to: '2025-01-01', promote: true };
      await client.backfill(model, before);
      const error = (await client.backfillResult(model).catch((thrown: unknown) => thrown)) as BackfillStoppedError;
      expect(error).toBeInstanceOf(BackfillStoppedError);
      expect(error.message).toContain(
        'stopped after 0 of 2 windows, as they end before 2025-01-22, up to which the model has learned (run 3): an older',
      );
      expect(error.fix).toContain('Leave --promote out');
      expect(seen).toHaveLength(6);

      await client.backfill(model, { ...before, to: '2025-01-29' });
      const { windows, summary } = await client.backfillResult(model);
      expect(windows.map(({ run }) => run)).toEqual([1, 2, 3, 4]);
      expect(summary).toContain('left out, as a newer champion was there: 2');

      await client.backfill(model, { ...before, restart: true });
      expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([5, 6]);

      // A person's run has all rows, so that every window is older.
      const { run } = (await client.requestTraining(model)) as { run: number };
      await client.runResult(model, run);
      await client.backfill(model, { ...three, from: '2025-02-05', to: '2025-02-19', promote: true });
      await expect(client.backfillResult(model)).rejects.toThrow(`up to which the model has learned (run ${run})`);
    });
  });

  it('says how it ended when it was terminated, or when a step of its own failed, and what to do', async () => {
    const { open, opened } = door();
    let refused = false;
    const overrides: Partial<Activities> = {
      'perennial.findBackfilled': async () => {
        if (!refused) return [];
        throw ApplicationFailure.create({
          type: 'STORE.REFUSED',
          message: 'Cannot list "runs/": access denied',
          nonRetryable: true,
          details: [{ code: 'STORE.REFUSED', fix: 'Check the keys.' }],
        });
      },
    };
    await withLoop(
      async () => await opened,
      async ({ model, client, seen }) => {
        const ended = async () => (await client.backfillResult(model).catch((thrown: unknown) => thrown)) as Error;
        await client.backfill(model, three);
        await until('the first window', async () => seen.length > 0);
        await temporal.client.workflow.getHandle(backfillId(model)).terminate('wrong model');
        const terminated = await ended();
        expect(terminated).toBeInstanceOf(BackfillStoppedError);
        expect(terminated).toMatchObject({
          message: `The backfill of "${model}" was terminated: wrong model`,
          fix: expect.stringContaining('start the same backfill again') as unknown,
        });
        open();
        refused = true;
        await client.backfill(model, three);
        const failed = await ended();
        expect(failed).toBeInstanceOf(BackfillStoppedError);
        expect(failed).toMatchObject({
          message: `The backfill of "${model}" failed: STORE.REFUSED: Cannot list "runs/": access denied`,
          fix: expect.stringMatching(/^Check the keys. Then start the same backfill again/) as unknown,
        });
      },
      { overrides },
    );
  });

  it('told to cancel its run without being cancelled itself, cancels that run only', async () => {
    const first = door();
    const onSplit = async (day: string) => {
      if (day === days[0]) await first.opened;
    };
    await withLoop(onSplit, async ({ model, client, seen }) => {
      await client.backfill(model, three);
      await until('the first window', async () => seen.length > 0);
      await temporal.client.workflow.getHandle(backfillId(model)).signal(messages.cancelBackfilledRun);
      first.open();
      const { windows } = await client.backfillResult(model);
      expect(windows.map(({ outcome }) => outcome)).toEqual(['FAILED', 'PROMOTE', 'PROMOTE']);
    });
  });

  it('carries the wish to cancel its run on to its next execution, for one run', async () => {
    const { open, opened } = door();
    const onSplit = async (day: string) => {
      if (day === days[1]) await opened;
    };
    await withLoop(onSplit, async ({ model, client }) => {
      const range = { from: `2025-01-01T00:00:00.000Z`, to: '2025-01-22T00:00:00.000Z', every: '1w' };
      const rest = days.slice(1).map((day) => `${day}T00:00:00.000Z`);
      const carried = { done: [], rest, failures: [], hurry: true };
      await temporal.client.workflow.start<typeof backfill>('backfill', {
        workflowId: backfillId(model),
        taskQueue: 'perennial',
        args: [{ model, plan: fakePlan, range, promote: false, by: 'ann', carried }],
      });
      const { windows } = await client.backfillResult(model);
      open();
      expect(windows.map(({ run, failure }) => [run, failure?.code])).toEqual([
        [1, 'RUN.CANCELLED'],
        [2, undefined],
      ]);
    });
  });

  it('is one at a time: the same one is found running, another one is refused', async () => {
    const { open, opened } = door();
    await withLoop(
      async () => await opened,
      async ({ model, client }) => {
        await client.backfill(model, three);
        expect(await client.backfill(model, three)).toMatchObject({ already: true });
        const other = client.backfill(model, { ...three, every: '1d' });
        await expect(other).rejects.toThrow(BackfillRunningError);
        await expect(other).rejects.toThrow('another one is under way (2025-01-01 to 2025-01-23 every 1w)');
        await expect(client.backfill(model, { ...three, promote: true })).rejects.toThrow(BackfillRunningError);
        const anew = client.backfill(model, { ...three, restart: true });
        await expect(anew).rejects.toThrow(BackfillRunningError);
        await expect(anew).rejects.toThrow('this one is under way, and does not begin anew in the middle');
        await until('a run', async () => (await client.backfillState(model)).current?.run !== undefined);
        await client.cancelBackfill(model);
        const ending = client.backfill(model, three);
        await expect(ending).rejects.toThrow('this one is under way, and ends with its run, as it was cancelled');
        await expect(ending).rejects.toMatchObject({
          code: 'BACKFILL.RUNNING',
          fix: `Wait for its end, then ask again: perennial backfill ${model} --wait`,
        });
        open();
        await expect(client.backfillResult(model)).rejects.toThrow(CancelledFailure);
        expect(await client.backfill(model, three)).toMatchObject({ already: false });
        await client.backfillResult(model);
      },
    );
  });

  it('is refused for a model that is not there and for a range that cannot be', async () => {
    await withLoop(nothing, async ({ model, client }) => {
      await expect(client.backfill('nobody', three)).rejects.toThrow(NotFoundError);
      await expect(client.backfill(model, { from: '2025-02-01', to: '2025-01-01' })).rejects.toThrow(UsageError);
      await expect(client.backfillState(model)).rejects.toThrow(`Cannot find a backfill of "${model}": there is none`);
      await expect(client.backfillResult(model)).rejects.toThrow(NotFoundError);
      await expect(client.cancelBackfill(model)).rejects.toThrow('none is under way');
    });
  });

  it('comes to the same end when every task replays from the start', async () => {
    await withLoop(
      nothing,
      async ({ model, client, seen }) => {
        await client.backfill(model, three);
        expect((await client.backfillResult(model)).windows.map(({ run }) => run)).toEqual([1, 2, 3]);
        expect(seen).toEqual(days);
      },
      { maxCachedWorkflows: 0 },
    );
  });
});
