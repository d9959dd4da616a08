import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pythonEnv } from '../../../src/dev/tools.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { StoreTransfers } from '../../../src/stores/transfer-area.js';
import { runRemoteJob, type Submitted } from '../../../src/trainers/remote-job.js';
import { remoteContent, writeOrder } from '../../../src/trainers/remote-order.js';
import type { Trainer } from '../../../src/trainers/trainer.js';
import { trainerContract } from '../../contracts/trainer.js';
import { asFarCommand, withFiles } from './far-jobs.js';

/** Trains in another process of this machine, as the driver of a Ray job does: without Temporal, without Ray. */
const trainer: Trainer = {
  kind: 'remote',
  async train(job, callbacks) {
    const { folder } = job;
    const store = new FolderStore(path.join(folder, 'store'));
    const transfers = new StoreTransfers(store);
    const here = await withFiles(job, store);
    return await runRemoteJob(here, callbacks, transfers, async () => {
      const { signal } = callbacks;
      const { order, prefix } = await writeOrder(transfers, here, await remoteContent(transfers, here, signal), signal);
      return await start(path.join(folder, 'far'), prefix, JSON.stringify(order));
    });
  },
};

async function start(folder: string, prefix: string, order: string): Promise<Submitted> {
  await mkdir(folder, { recursive: true });
  const { python } = await pythonEnv();
  const child = spawn(python, ['-m', 'perennial_trainer.remote'], {
    env: { ...process.env, TMPDIR: folder, PERENNIAL_ORDER: order },
    stdio: 'ignore',
  });
  const ended = new Promise<undefined>((resolve) => child.once('exit', () => resolve(undefined)));
  return {
    prefix,
    ended: () => ended,
    stop: () => Promise.resolve(void child.kill('SIGTERM')),
  };
}

trainerContract('in a process elsewhere', () => trainer, asFarCommand, { jobs: (folder) => folder });
