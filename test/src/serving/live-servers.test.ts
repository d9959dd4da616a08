import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../../activities/deps.js';
import { deploy } from '../../../activities/deploy.js';
import type { Ref } from '../../../src/domain/artifact.js';
import { DeployUnconfirmedError } from '../../../src/errors.js';
import { announcementKey, type Announcement } from '../../../src/serving/announcement.js';
import { awaitServed, liveServers } from '../../../src/serving/live-servers.js';
import { startModelServer, type ModelServer } from '../../../src/serving/server.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { numbered } from './asking.js';
import { publish, register, storeBundle } from './publish.js';

let folder: string;
let store: FolderStore;
const servers: ModelServer[] = [];
const others: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'live-'));
  store = new FolderStore(join(folder, 'store'));
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  for (const other of others.splice(0)) {
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  }
  await rm(folder, { recursive: true, force: true });
});

async function start(pollMs = 20): Promise<ModelServer> {
  const server = await startModelServer({
    store,
    models: ['churn'],
    cacheFolder: join(folder, 'cache'),
    pollMs,
    logLevel: 'silent',
  });
  servers.push(server);
  return server;
}

/** Something that listens and answers every request in one way, or never. */
async function startOther(answer?: { status: number; body: string }): Promise<string> {
  const other = createServer((_, response) => {
    if (answer) response.writeHead(answer.status).end(answer.body);
  });
  others.push(other);
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
}

async function announce(instance: string, url: string, ageMs: number): Promise<void> {
  const at = new Date(Date.now() - ageMs).toISOString();
  const announcement: Announcement = { url, pid: 1, startedAt: at, at, digest: null, version: 0 };
  await store.replace(announcementKey('churn', instance), Buffer.from(JSON.stringify(announcement)));
}

const served = (digest: string, timeoutMs = 10_000) => awaitServed({ store, model: 'churn', digest, timeoutMs });
const NEVER = new AbortController().signal;
/** A port of the test machine where nothing listens: the discard service is not there. */
const NOBODY = 'http://127.0.0.1:9';

describe('liveServers', () => {
  it('finds servers while they run, with what they serve', async () => {
    const { digest } = await publish(store, 'churn', numbered(1));
    const first = await start();
    const second = await start();
    const found = await liveServers(store, 'churn');
    expect(found.map(({ url }) => url)).toEqual([first.url, second.url]);
    expect(found[0]).toMatchObject({ pid: process.pid, digest, version: 1 });
    expect(found[0]?.ageMs).toBeLessThan(10_000);
    await first.stop();
    expect((await liveServers(store, 'churn')).map(({ url }) => url)).toEqual([second.url]);
    expect(await liveServers(store, 'other')).toEqual([]);
  });

  it('passes over what is no announcement', async () => {
    await announce('real', NOBODY, 0);
    await store.replace(announcementKey('churn', 'text'), Buffer.from('hello'));
    await store.replace(announcementKey('churn', 'json'), Buffer.from('{"url":7}'));
    expect((await liveServers(store, 'churn')).map(({ url }) => url)).toEqual([NOBODY]);
  });
});

describe('awaitServed', () => {
  it('resolves at once when there are no servers', async () => {
    expect(await served('a'.repeat(64), 0)).toEqual({ servers: [], gone: [] });
  });

  it('waits until every server answers with the bundle', async () => {
    await publish(store, 'churn', numbered(1));
    const [quick, slow] = [await start(20), await start(700)];
    const { digest } = await publish(store, 'churn', numbered(2));
    const result = await served(digest);
    expect(result).toEqual({ servers: [quick.url, slow.url], gone: [] });
    for (const { url } of [quick, slow]) {
      const { parameters } = (await (await fetch(`${url}/v2/models/churn`)).json()) as {
        parameters: { digest: string };
      };
      expect(parameters.digest).toBe(digest);
    }
  });

  it('waits for a server that has nothing to answer with yet', async () => {
    const server = await start();
    const { digest } = await publish(store, 'churn', numbered(1));
    expect(await served(digest)).toEqual({ servers: [server.url], gone: [] });
  });

  it('names the server that does not follow, and why', async () => {
    await publish(store, 'churn', numbered(1));
    const server = await start();
    const bad = await publish(store, 'churn', { ...numbered(2), onnx: Buffer.from('garbage') });
    const refusal = served(bad.digest, 500);
    await expect(refusal).rejects.toThrow(DeployUnconfirmedError);
    await expect(refusal).rejects.toThrow(`${server.url} (process ${process.pid}) serves `);
    await expect(refusal).rejects.toThrow('because: Cannot use the model');
  });

  it('names the servers that did follow when another one does not', async () => {
    const { digest } = await publish(store, 'churn', numbered(1));
    const server = await start();
    await announce('late', await startOther({ status: 500, body: '{"error":"no"}' }), 0);
    await expect(served(digest, 500)).rejects.toMatchObject({ details: { confirmed: [server.url] } });
    const bundle = { key: 'unused', sha256: digest, bytes: 1 } as Ref;
    const told = await deploy({ store } as unknown as ActivityDeps, { model: 'churn', bundle, timeoutMs: 500 }, NEVER);
    expect(told).toEqual({ servers: [server.url], note: expect.stringContaining('said 500: no') });
  });

  it('does not take another program on the port, or a server that hangs, for one that follows', async () => {
    for (const [url, said] of [
      [await startOther({ status: 200, body: 'hello' }), 'is not from a model server'],
      [await startOther({ status: 200, body: '{}' }), 'is not from a model server'],
      [await startOther({ status: 500, body: '{"error":"no"}' }), 'said 500: no'],
      [await startOther(), 'did not answer'],
    ] as const) {
      await announce('other', url, 0);
      await expect(served('a'.repeat(64), 200)).rejects.toThrow(said);
    }
  });

  it('counts a server as gone that gives no sign of life, but not a fresh one', async () => {
    await announce('gone', NOBODY, 16_000);
    expect(await served('a'.repeat(64), 0)).toEqual({ servers: [], gone: [NOBODY] });
    await announce('fresh', NOBODY, 1000);
    await expect(served('a'.repeat(64), 200)).rejects.toThrow(DeployUnconfirmedError);
  });

  it('does not wait for a server that stops meanwhile', async () => {
    await publish(store, 'churn', numbered(1));
    const [staying, leaving] = [await start(), await start(60_000)];
    const { digest } = await publish(store, 'churn', numbered(2));
    const [result] = await Promise.all([served(digest), leaving.stop()]);
    expect(result).toEqual({ servers: [staying.url], gone: [] });
  });

  it('forgets a server that has been gone for long', async () => {
    await announce('gone', NOBODY, 2 * 3_600_000);
    expect((await served('a'.repeat(64), 0)).gone).toEqual([NOBODY]);
    expect(await liveServers(store, 'churn')).toEqual([]);
  });

  it('stops when it is told to', async () => {
    await register(store, 'churn', await storeBundle(store, 'churn', numbered(1)));
    await start();
    const signal = AbortSignal.timeout(100);
    const waiting = awaitServed({ store, model: 'churn', digest: 'a'.repeat(64), timeoutMs: 60_000, signal });
    await expect(waiting).rejects.toThrow(/abort|timeout/i);
  });
});
