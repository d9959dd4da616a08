import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMinio, type S3Server } from '../../../src/dev/minio.js';
import { startVersitygw } from '../../../src/dev/versitygw.js';
import { artifactStoreContract, type StoreSubject } from '../../contracts/artifact-store.js';
import { startFaultProxy } from '../../support/fault-proxy.js';
import type { Fault } from '../../support/fault-rules.js';
import { testStore } from '../../support/s3-subject.js';
import { expect } from 'vitest';

let data = '';
artifactStoreContract(
  'MinIO',
  async () => {
    data = await mkdtemp(join(tmpdir(), 'perennial-minio-data-'));
    const subject = await onServer(await startMinio({ dataFolder: data }));
    return {
      ...subject,
      stop: async () => {
        await subject.stop();
        await rm(data, { recursive: true, force: true });
      },
    };
  },
  async (key) => {
    // MinIO keeps an object as a folder, and larger ones as files in it.
    const folder = join(data, 'perennial-test', key);
    const names = await readdir(folder, { recursive: true });
    const file = join(folder, names.find((name) => name.endsWith('part.1')) ?? 'no part');
    const bytes = await readFile(file);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(file, bytes);
  },
);
artifactStoreContract('versitygw', async () => onServer(await startVersitygw()));
artifactStoreContract('MinIO behind a bad network', async () => behindBadNetwork(await startMinio()));
artifactStoreContract('versitygw behind a bad network', async () => behindBadNetwork(await startVersitygw()));

async function onServer(server: S3Server): Promise<StoreSubject> {
  const [store, other] = [testStore(server), testStore(server)];
  return {
    store,
    other,
    stop: async () => {
      await store.close();
      await other.close();
      await server.stop();
    },
  };
}

const FAULTS = ['apply-then-drop', 'flip', 'page', 'reset', 'shorten', 'truncate', 'unavailable'];

/** One request in eight meets a fault; the suite's promises hold all the same. */
async function behindBadNetwork(server: S3Server): Promise<StoreSubject> {
  const proxy = await startFaultProxy(server.endpoint, { seed: 20_010_101 });
  // Objects are hashed; the numbers of a HEAD and the names of a listing have only TCP's own checks.
  const bytes = /^\/perennial-test\/[^?]+(\?partNumber|$)/;
  const often = { chance: 0.02, times: Infinity };
  // Chance alone may leave one out in a short run, which would prove nothing of it.
  const once = (fault: Fault, after: number, method: string, path?: RegExp) => ({
    fault,
    after,
    method,
    ...(path && { path }),
  });
  proxy.rules(
    once('truncate', 3, 'GET'),
    once('shorten', 6, 'GET'),
    once('flip', 9, 'GET', bytes),
    once('unavailable', 4, 'PUT'),
    once('reset', 8, 'PUT'),
    once('apply-then-drop', 12, 'PUT'),
    once('page', 16, 'PUT'),
    ...(['unavailable', 'reset', 'apply-then-drop', 'page'] as const).map((fault) => ({ fault, ...often })),
    ...(['truncate', 'shorten'] as const).map((fault) => ({ fault, method: 'GET', ...often })),
    ...['GET', 'PUT'].map((method) => ({ fault: 'flip' as const, method, path: bytes, ...often })),
  );
  const options = { endpoint: proxy.endpoint, retry: { attempts: 12, baseMs: 5, capMs: 50 } };
  const [store, other] = [testStore(server, options), testStore(server, options)];
  await store.ensureBucket();
  return {
    store,
    other,
    stop: async () => {
      await store.close();
      await other.close();
      await proxy.stop();
      await server.stop();
      const fired = new Set(proxy.log.map((event) => event.fault));
      expect([...fired].toSorted()).toEqual(FAULTS);
    },
  };
}
