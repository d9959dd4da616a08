import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { StoreTransfers } from '../../../src/stores/transfer-area.js';
import { ActivityTrainer } from '../../../src/trainers/activity-trainer.js';
import type { Trainer } from '../../../src/trainers/trainer.js';
import { trainerContract } from '../../contracts/trainer.js';
import { startPythonWorker, type PythonWorker } from '../../support/python-worker.js';
import { testTemporal, testWorker, type TestTemporal } from '../../support/temporal.js';
import { asFarCommand, withFiles } from './far-jobs.js';

const TASK_QUEUE = 'python-trainers';

let folder: string;
let temporal: TestTemporal;
let far: PythonWorker;
let running: Promise<void>;
let stopWorker: () => void;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-activity-test-'));
  temporal = await testTemporal();
  const worker = await testWorker(temporal, {});
  running = worker.run();
  stopWorker = () => worker.shutdown();
  far = await startPythonWorker({
    TEMPORAL_ADDRESS: temporal.address,
    TASK_QUEUE,
    TMPDIR: folder,
    // What the contract looks for in the environment of a trainer.
    PERENNIAL_TEST_CANARY: 'a secret of the worker',
  });
}, 300_000);
afterAll(async () => {
  await far?.kill();
  stopWorker?.();
  await running;
  await temporal?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As a worker has it, with `examples/python-worker` on the other side. */
const trainer: Trainer = {
  kind: 'activity',
  async train(job, callbacks) {
    const store = new FolderStore(path.join(job.folder, 'store'));
    const options = {
      transfers: new StoreTransfers(store),
      temporal: { client: temporal.client, taskQueue: 'perennial' },
    };
    const here = { ...(await withFiles(job, store)), place: { name: 'train', taskQueue: TASK_QUEUE } };
    return await new ActivityTrainer(options).train(here, callbacks);
  },
};

trainerContract('activity', () => trainer, asFarCommand, { jobs: () => folder });

describe('the far machine', () => {
  test('keeps nothing of all these jobs', async () => {
    expect((await readdir(folder)).filter((name) => name.startsWith('perennial-'))).toEqual([]);
  });
});
