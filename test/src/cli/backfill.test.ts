import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForTraining } from '../../../activities/ask-for-training.js';
import type { ActivityDeps } from '../../../activities/deps.js';
import { findBackfilled } from '../../../activities/find-backfilled.js';
import { record } from '../../../activities/record.js';
import { loopId } from '../../../src/domain/run.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import type { modelLoop } from '../../../workflows/model-loop.js';
import { fakeActivities, fakePlan, fakeRef } from '../../support/fake-activities.js';
import { testTemporal, testWorker, type TestTemporal } from '../../support/temporal.js';
import { runCli, startCli } from './run-cli.js';

let temporal: TestTemporal;
let folder: string;
let worker: Worker;
let running: Promise<void>;
/** The split of a window waits for it. */
let held = Promise.resolve();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-cli-backfill-'));
  temporal = await testTemporal();
  const store = new FolderStore(folder);
  const deps = { store, remembered: store } as unknown as ActivityDeps; // the real activities here use nothing else
  worker = await testWorker(temporal, {
    activities: fakeActivities({
      'perennial.askForTraining': (input) => askForTraining(deps, input),
      'perennial.findBackfilled': (input) => findBackfilled(deps, input, new AbortController().signal),
      'perennial.record': (run) => record(deps, run),
      'perennial.split': async () => {
        await held;
        return { cache: 'miss', split: fakeRef('d'), rows: { train: 8, validation: 1, test: 1 }, message: 'split' };
      },
    }),
  });
  running = worker.run();
  for (const model of ['returns', 'late']) {
    await temporal.client.workflow.start<typeof modelLoop>('modelLoop', {
      workflowId: loopId(model),
      taskQueue: 'perennial',
      args: [{ model, plan: fakePlan }],
    });
  }
});

afterAll(async () => {
  worker.shutdown();
  await running;
  await temporal.stop();
  await rm(folder, { recursive: true });
});

const options = () => ({ env: { TEMPORAL_ADDRESS: temporal.address, PERENNIAL_STORE: `folder:${folder}` } });
const cli = (...words: string[]) => runCli(words, options());
const json = async (...words: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await cli(...words, '--json')).stdout) as Record<string, unknown>;
const range = ['--from', '2025-01-01', '--to', '2025-01-22'];

test('what cannot be is refused, and nothing is started', async () => {
  for (const [words, message] of [
    [['--from', '2025-01-01'], 'want --from and --to'],
    [['--promote'], 'want --from and --to'],
    [['--from', '2025-01-22', '--to', '2025-01-01'], 'found an end that is not after the start'],
    [['--from', '2025-01-01', '--to', '2999-01-01'], 'found an end in the future'],
    [['--from', 'soon', '--to', '2025-01-01'], 'Cannot read from "soon"'],
    [[...range, '--every', '1x'], 'Cannot backfill every "1x"'],
    [[...range, '--cancel'], '--cancel goes with --now only'],
    [['--now'], 'it goes with --cancel'],
  ] as const) {
    const { code, stderr } = await cli('backfill', 'returns', ...words);
    expect({ words, code }).toStrictEqual({ words, code: 2 });
    expect(stderr).toContain(message);
  }
  for (const words of [[], ['--wait'], ['--cancel']]) {
    const { code, stderr } = await cli('backfill', 'returns', ...words);
    expect({ words, code }).toStrictEqual({ words, code: 5 });
    expect(stderr).toContain('error NOT.FOUND: Cannot find a backfill of "returns"');
  }
  const unknown = await cli('backfill', 'retruns', ...range);
  expect(unknown.code).toBe(5);
  expect(unknown.stderr).toContain('did you mean "returns"?');
});

test('backfill --wait tells each window and ends with the table of all', async () => {
  const { code, stdout, stderr } = await cli('backfill', 'returns', ...range, '--wait', '--by', 'ada');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toContain('Started the backfill: 3 windows, the last one as of 2025-01-22');
  expect(stderr).toMatch(/^ {2}as of 2025-01-08 {2}run 1 {2}PROMOTE {2}Version 1 would have been promoted/m);
  expect(stdout).toMatch(
    /^returns: 2025-01-01 to 2025-01-22 every 1w, without promoting\n {2}ended {6}3 of 3, 3 windows/,
  );
  expect(stdout).toMatch(/^2025-01-22 +3 +PROMOTE +v1 +Version 1 would/m);
  expect(await json('backfill', 'returns')).toMatchObject({
    model: 'returns',
    state: { promote: false, windows: 3, done: [{ run: 1 }, { run: 2 }, { run: 3 }] },
    summary: expect.stringContaining('3 windows') as unknown,
  });
  expect((await cli('show', 'returns', '2')).stdout).toMatch(
    /asked for {2}backfill, by ada: backfill as of 2025-01-15, window 2 of 3\n[^]*as of {6}2025-01-15T00:00:00.000Z[^]*step cache split miss, train miss, evaluate miss\n/,
  );
  const again = await json('backfill', 'returns', ...range, '--wait');
  expect(again).toMatchObject({ cancelled: false, state: { done: [{ run: 1 }, { run: 2 }, { run: 3 }] } });
});

test('Ctrl-C ends the waiting only, --cancel the backfill, and the same command goes on with the rest', async () => {
  let open = () => {};
  held = new Promise((resolve) => (open = resolve));
  const waiting = startCli(['backfill', 'late', ...range, '--wait'], options());
  await waiting.saying('Started the backfill');
  waiting.signal('SIGINT');
  const interrupted = await waiting.ended;
  expect(interrupted.code).toBe(130);
  expect(interrupted.stderr).toContain('To end it: perennial backfill late --cancel');

  const found = await cli('backfill', 'late', ...range);
  expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining('is under way already') as unknown });
  const other = await cli('backfill', 'late', ...range, '--promote');
  expect(other.code).toBe(2);
  expect(other.stderr).toContain('error BACKFILL.RUNNING: Cannot start a backfill of "late": another one is under way');
  await expect.poll(async () => (await cli('backfill', 'late')).stdout, { timeout: 20_000 }).toMatch(/now.*, run 1$/m);

  const following = startCli(['backfill', 'late', '--wait'], options());
  expect(await json('backfill', 'late', '--cancel')).toMatchObject({ model: 'late', cancelled: true, now: false });
  open();
  const followed = await following.ended;
  expect(followed.code).toBe(3);
  expect(followed.stdout).toContain('Cancelled. Asked for again, it goes on');
  expect(await json('backfill', 'late')).toMatchObject({
    state: { done: [{ run: 1 }] },
    summary: expect.stringContaining('Cancelled') as unknown,
  });
  expect(await json('backfill', 'late', ...range, '--wait')).toMatchObject({
    state: { done: [{ run: 1 }, { run: 2 }, { run: 3 }] },
  });
}, 120_000);

test('pause holds the automatic training of a model until resume, however often each is said', async () => {
  for (const paused of [true, true, false, false]) {
    const word = paused ? 'pause' : 'resume';
    expect(await json(word, 'returns')).toStrictEqual({ schemaVersion: 1, model: 'returns', paused });
    expect(await json('status', 'returns')).toMatchObject({ status: { loop: { paused } } });
  }
  expect((await cli('pause', 'returns')).stdout).toContain(
    'only requests by hand are taken\n\nNext: perennial resume returns',
  );
  expect((await cli('resume', 'returns')).stdout).toContain('automatic triggers are taken again');
  for (const word of ['pause', 'resume']) {
    expect((await cli(word, 'retruns')).code).toBe(5);
    expect((await cli(word, '--help')).stdout).toContain(`perennial ${word} returns`);
    expect((await cli(word)).code).toBe(2);
  }
}, 120_000);
