import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DataProfile, Split } from '../../../src/domain/data.js';
import { startModelServer, type ModelServer } from '../../../src/serving/server.js';
import { putManifest } from '../../../src/stores/blobs.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { readLiveProfile } from '../../../src/stores/live-profiles.js';
import { binaryModel } from '../../support/onnx-models.js';
import { promote, register, storeBundle } from './publish.js';

let folder: string;
let store: FolderStore;
const servers: ModelServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-live-'));
  store = new FolderStore(join(folder, 'store'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

test('requests, are profiled by the edges of the training rows, over all servers together', async () => {
  const bundle = await published({ edges: [10, 20, 30] });
  const [one, other] = [await serve(), await serve()];
  await ask(one, [5, 15, 15, null]);
  await ask(other, [25, 35]);
  await Promise.all([one.stop(), other.stop()]);

  const profile = await readLiveProfile(store, 'churn', bundle);

  expect(profile?.rows).toBe(6);
  const age = profile?.columns.find(({ name }) => name === 'age');
  expect(age).toMatchObject({ rows: 6, nulls: 1, numbers: { count: 5, min: 5, max: 35, mean: 19 } });
  expect(age?.numbers?.histogram).toEqual({ edges: [10, 20, 30], counts: [1, 2, 1, 1] });
});

test('requests that are refused, are in no profile', async () => {
  const bundle = await published({ edges: [10] });
  const server = await serve();
  await ask(server, ['old']);
  await ask(server, [12]);
  await server.stop();

  expect((await readLiveProfile(store, 'churn', bundle))?.rows).toBe(1);
});

test('a profile of other days or another bundle, or one that is damaged, is left out', async () => {
  const bundle = await published({ edges: [10] });
  const server = await serve();
  await ask(server, [12]);
  await server.stop();
  const today = new Date().toISOString().slice(0, 10);
  await store.replace(`live/churn/${bundle}/${today}.damaged.json`, Buffer.from('{"kind":'));
  await store.replace(`live/churn/${bundle}/${today}.foreign.json`, Buffer.from('{"kind":"live-profile"}'));

  expect((await readLiveProfile(store, 'churn', bundle))?.rows).toBe(1);
  const later = new Date(Date.now() + 9 * 86_400_000);
  expect(await readLiveProfile(store, 'churn', bundle, { now: later })).toBeUndefined();
  expect(await readLiveProfile(store, 'churn', 'a'.repeat(64))).toBeUndefined();
});

test('a bundle whose training profile is gone, is served all the same and profiled without histograms', async () => {
  const bundle = await storeBundle(store, 'churn', binaryModel({ weights: { age: 1 }, bias: 0 }));
  await promote(store, 'churn', await register(store, 'churn', bundle));
  const server = await serve();
  await ask(server, [12, 14]);
  await server.stop();

  const age = (await readLiveProfile(store, 'churn', bundle))?.columns[0];
  expect(age?.numbers).toMatchObject({ count: 2, mean: 13 });
  expect(age?.numbers?.histogram).toBeUndefined();
});

async function published({ edges }: { readonly edges: readonly number[] }): Promise<string> {
  const counts = [...edges, 0].map(() => 1);
  const numbers = { count: 4, nans: 0, infinities: 0, zeros: 0, negatives: 0, histogram: { edges, counts } };
  const training = { rows: 4, columns: [{ name: 'age', type: 'number' as const, rows: 4, nulls: 0, numbers }] };
  const profile: DataProfile = { kind: 'profile', schemaVersion: 1, training, sources: {} };
  const part = { ref: { key: 'k', sha256: 'a'.repeat(64), bytes: 1 }, rows: 1, rowsInWindow: 1, positiveShare: 0.5 };
  const window = { ...part, from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' };
  const split: Split = {
    kind: 'split',
    schemaVersion: 1,
    snapshot: 'a'.repeat(64),
    by: 'time',
    profile: await putManifest(store, 'profile', profile),
    columns: [],
    train: window,
    validation: window,
    test: window,
  };
  const { sha256 } = await putManifest(store, 'split', split);
  const bundle = await storeBundle(store, 'churn', binaryModel({ weights: { age: 1 }, bias: 0 }), sha256);
  await promote(store, 'churn', await register(store, 'churn', bundle));
  return bundle;
}

async function serve(): Promise<ModelServer> {
  const server = await startModelServer({
    store,
    models: ['churn'],
    cacheFolder: join(folder, `cache-${servers.length}`),
    logLevel: 'silent',
    announce: false,
  });
  servers.push(server);
  return server;
}

async function ask(server: ModelServer, ages: readonly unknown[]): Promise<void> {
  const inputs = [{ name: 'age', datatype: 'FP32', shape: [ages.length, 1], data: ages }];
  const answer = await fetch(`${server.url}/v2/models/churn/infer`, {
    method: 'POST',
    body: JSON.stringify({ inputs }),
  });
  await answer.arrayBuffer();
}
