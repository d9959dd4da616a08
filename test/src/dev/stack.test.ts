import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { markOf, processAlive } from '../../../src/dev/process-alive.js';
import { stackEnvironment } from '../../../src/dev/stack-environment.js';
import { startStack } from '../../../src/dev/stack.js';
import { minioBinary } from '../../../src/dev/tools.js';
import { SetupMissingError } from '../../../src/errors.js';
import { openStore, storeFromEnvironment } from '../../../src/stores/index.js';
import { standIn, temporaryFolder } from './stand-ins.js';

afterEach(() => vi.unstubAllEnvs());
const silent = () => undefined;

it('a stack with MinIO gives a store that keeps its promises, from its configuration and from its environment', async () => {
  const stack = await startStack({ store: 'minio', ui: true, progress: silent });
  expect(stack.temporal.uiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (const store of [openStore(stack.store), storeFromEnvironment(stackEnvironment(stack))]) {
    await store.probe();
    await store.close();
  }
  await stack.stop();
  expect(stack.pids.filter((pid) => processAlive(markOf(pid)))).toEqual([]);
});

it('a stack on a folder runs no MinIO and keeps its objects below the data folder', async () => {
  const dataFolder = path.join(await temporaryFolder(), 'data');
  const stack = await startStack({ store: 'folder', ui: false, dataFolder, progress: silent });
  expect(stack.pids).toHaveLength(1);
  expect(stack.temporal.uiUrl).toBeUndefined();
  expect(stack.store).toEqual({ kind: 'folder', path: path.join(dataFolder, 'store') });
  const store = storeFromEnvironment(stackEnvironment(stack));
  await store.probe();
  await store.close();
  await stack.stop();
});

it('a stack of which one part cannot start is an error, and the other parts are ended', async () => {
  const folder = await temporaryFolder();
  const pidFile = path.join(folder, 'pid');
  // MinIO under a shell that tells its id: what was started is known although the start fails.
  const minio = await standIn(
    path.join(folder, 'minio'),
    `echo $$ > '${pidFile}'; exec '${await minioBinary(silent)}' "$@"`,
  );
  vi.stubEnv('PERENNIAL_MINIO_BIN', minio);
  vi.stubEnv('PERENNIAL_PYTHON', path.join(folder, 'no-python'));
  await expect(startStack({ store: 'minio', ui: false, progress: silent })).rejects.toThrow(SetupMissingError);
  expect(processAlive(markOf(Number(await readFile(pidFile, 'utf8'))))).toBe(false);
});
