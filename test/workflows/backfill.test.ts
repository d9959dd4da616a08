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
  const deps = { store } as unknown as ActivityDeps; // the real activities here use nothing else
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
        open();
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
