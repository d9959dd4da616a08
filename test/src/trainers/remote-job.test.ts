import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe } from 'vitest';
import { pythonEnv } from '../../../src/dev/tools.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { StoreTransfers } from '../../../src/stores/transfer-area.js';
import { runRemoteJob, type Submitted } from '../../../src/trainers/remote-job.js';
import { remoteContent, writeOrder } from '../../../src/trainers/remote-order.js';
import type { Trainer } from '../../../src/trainers/trainer.js';
import { checkpointContract } from '../../contracts/trainer-checkpoints.js';
import { endingContract } from '../../contracts/trainer-ending.js';
import { PRELUDE, TrainerBench } from '../../contracts/trainer-bench.js';
import { failingTrainerContract } from '../../contracts/trainer.js';
import { outputContract } from '../../contracts/trainer-output.js';
import { toyRows } from '../../support/toy-rows.js';

/** The job's folder is elsewhere: what a test looks for is written where it looks. */
const elsewhere = (folder: string) => `
here = write
def write(file, text=""):
    here(file if file.split("/")[0] in ("output", "checkpoints") else ${JSON.stringify(folder)} + "/" + file, text)
`;

/** Trains in another process of this machine, as every kind does that trains elsewhere: without Temporal, without Ray. */
const trainer: Trainer = {
  kind: 'remote',
  async train(job, callbacks) {
    const { folder } = job;
    const transfers = new StoreTransfers(new FolderStore(path.join(folder, 'store')));
    const here = { ...job, ...(await toyRows(folder)) };
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
    env: { PATH: process.env['PATH'], TMPDIR: folder, PERENNIAL_ORDER: order },
    stdio: 'ignore',
  });
  const ended = new Promise<undefined>((resolve) => child.once('exit', () => resolve(undefined)));
  return {
    prefix,
    ended: () => ended,
    stop: () => Promise.resolve(void child.kill('SIGTERM')),
  };
}

describe('trainer contract: elsewhere', () => {
  const bench = new TrainerBench(
    () => trainer,
    async (script, folder) => ({
      command: [(await pythonEnv()).python, '-c', script.replace(PRELUDE, PRELUDE + elsewhere(folder))],
    }),
  );
  outputContract(bench);
  failingTrainerContract(bench);
  checkpointContract(bench, { heardLate: true });
  endingContract(bench);
});
