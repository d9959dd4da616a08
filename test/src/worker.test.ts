import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { FolderStore } from '../../src/stores/folder-store.js';
import { createWorker } from '../../src/worker.js';
import { testTemporal, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
let folder: string;
beforeAll(async () => {
  [temporal, folder] = await Promise.all([testTemporal(), mkdtemp(join(tmpdir(), 'perennial-worker-'))]);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true });
});

const python = () => Promise.reject(new Error('no training here'));
const options = () => ({ store: new FolderStore(join(folder, 'store')), python, workFolder: join(folder, 'work') });

it('createWorker, closes the connection that it made when the run ends', async () => {
  const close = vi.spyOn(NativeConnection.prototype, 'close');
  const worker = await createWorker({ ...options(), address: temporal.address });
  await worker.runUntil(Promise.resolve());
  expect(close).toHaveBeenCalledOnce();
});

it('createWorker, closes the connection that it made when the store breaks its promises', async () => {
  const close = vi.spyOn(NativeConnection.prototype, 'close');
  const broken = options();
  const refusal = new Error('this store keeps nothing');
  broken.store.probe = () => Promise.reject(refusal);
  await expect(createWorker({ ...broken, address: temporal.address })).rejects.toBe(refusal);
  expect(close).toHaveBeenCalledOnce();
});

it("createWorker, leaves a connection of the caller's open", async () => {
  const close = vi.spyOn(NativeConnection.prototype, 'close');
  const worker = await createWorker({ ...options(), connection: temporal.connection });
  await worker.runUntil(Promise.resolve());
  expect(close).not.toHaveBeenCalled();
});
