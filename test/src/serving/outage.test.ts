import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMinio, type S3Server } from '../../../src/dev/minio.js';
import { startModelServer, type ModelServer } from '../../../src/serving/server.js';
import type { MinioStore } from '../../../src/stores/minio-store.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import type { Fault } from '../../support/fault-rules.js';
import { testStore } from '../../support/s3-subject.js';
import { closedLoop, metadata, numbered, until } from './asking.js';
import { publish } from './publish.js';

let minio: S3Server;
let proxy: FaultProxy;
/** Straight to MinIO: what others do meanwhile. */
let direct: MinioStore;
/** Through the proxy: how the server sees the store. */
let store: MinioStore;
let folder: string;

beforeAll(async () => {
  minio = await startMinio();
  proxy = await startFaultProxy(minio.endpoint);
  folder = await mkdtemp(join(tmpdir(), 'outage-'));
});

beforeEach(async () => {
  proxy.rules();
  const bucket = `outage-${Math.random().toString(36).slice(2)}`;
  direct = testStore(minio, { bucket });
  await direct.ensureBucket();
  const limits = { connectMs: 200, idleMs: 200, wholeMs: 400 };
  store = testStore({ ...minio, endpoint: proxy.endpoint }, { bucket, limits, retry: { attempts: 2, baseMs: 10 } });
});

afterAll(async () => {
  await proxy.stop();
  await minio.stop();
  await rm(folder, { recursive: true, force: true });
});

function start(): Promise<ModelServer> {
  return startModelServer({
    store,
    models: ['churn'],
    cacheFolder: join(folder, 'cache'),
    pollMs: 20,
    logLevel: 'silent',
  });
}

describe('model server, while its store is away', () => {
  it.each<Fault>(['reset', 'unavailable', 'hang'])(
    'keeps the last good one and follows again after: %s',
    async (fault) => {
      const { digest } = await publish(direct, 'churn', numbered(1));
      const server = await start();
      try {
        const stop = new AbortController();
        const answers = closedLoop(server.url, 2, stop.signal);
        proxy.rules({ fault, times: Infinity });
        const next = await publish(direct, 'churn', numbered(2));
        const during = await until(({ parameters }) => parameters?.problem !== undefined, server);
        expect(during.parameters).toMatchObject({ digest, version: 1 });
        expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
        proxy.rules();
        const after = await until(({ parameters }) => parameters?.digest === next.digest, server);
        expect(after.parameters?.problem).toBeUndefined();
        stop.abort();
        expect((await answers).filter(({ status }) => status !== 200)).toEqual([]);
      } finally {
        await server.stop();
      }
    },
  );

  it('does not take a model whose bytes were changed on the way, and takes it once they come whole', async () => {
    const { digest } = await publish(direct, 'churn', numbered(1));
    const server = await start();
    try {
      proxy.rules({ fault: 'flip', path: /\/blobs\//, times: Infinity });
      const next = await publish(direct, 'churn', numbered(3));
      const during = await until(({ parameters }) => parameters?.problem !== undefined, server);
      expect(during.parameters).toMatchObject({ digest, version: 1 });
      proxy.rules();
      await until(({ parameters }) => parameters?.digest === next.digest, server);
    } finally {
      await server.stop();
    }
  });

  it('starts without it, says that it is not ready, and begins when it is there', async () => {
    await publish(direct, 'churn', numbered(1));
    proxy.rules({ fault: 'reset', times: Infinity });
    const server = await start();
    try {
      const ready = await fetch(`${server.url}/v2/health/ready`);
      expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '1']);
      expect((await fetch(`${server.url}/v2/health/live`)).status).toBe(200);
      expect((await metadata(server)).error).toContain('Model "churn" cannot answer: ');
      proxy.rules();
      await until(({ parameters }) => parameters?.version === 1, server);
      expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});
