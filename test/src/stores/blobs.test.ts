import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startVersitygw } from '../../../src/dev/versitygw.js';
import type { S3Server } from '../../../src/dev/minio.js';
import { blobKey } from '../../../src/domain/artifact.js';
import { putBlob, putManifest, readManifest, readManifestOf } from '../../../src/stores/blobs.js';
import { sha256Hex } from '../../../src/stores/digest.js';
import type { MinioStore } from '../../../src/stores/minio-store.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import { seededBytes } from '../../support/random.js';
import { testStore } from '../../support/s3-subject.js';

let server: S3Server;
let proxy: FaultProxy;
let store: MinioStore;
let folder: string;
beforeAll(async () => {
  server = await startVersitygw();
  proxy = await startFaultProxy(server.endpoint);
  store = testStore({ ...server, endpoint: proxy.endpoint });
  await store.ensureBucket();
  folder = await mkdtemp(join(tmpdir(), 'perennial-blobs-'));
});
afterAll(async () => {
  await store.close();
  await proxy.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => proxy.rules());

test.each([100, 300_000, 7 * 1024 * 1024])('putBlob, of %i bytes that are there costs one request', async (length) => {
  const bytes = seededBytes(length, length);
  const path = join(folder, `blob-${length}`);
  await writeFile(path, bytes);
  const ref = await putBlob(store, bytes);
  expect(ref).toEqual({ key: blobKey(sha256Hex(bytes)), sha256: sha256Hex(bytes), bytes: length });
  proxy.rules();
  expect(await putBlob(store, bytes)).toEqual(ref);
  expect(proxy.requests).toHaveLength(1);
  expect(await putBlob(store, { path })).toEqual(ref);
  expect(proxy.requests).toHaveLength(2);
  expect(await putBlob(store, { path, sha256: ref.sha256, bytes: length })).toEqual(ref);
  expect(proxy.requests).toHaveLength(3);
});

test('putBlob, stores a file that nobody stored before', async () => {
  const bytes = seededBytes(7 * 1024 * 1024, 77);
  const path = join(folder, 'new');
  await writeFile(path, bytes);
  const ref = await putBlob(store, { path });
  expect(sha256Hex(await store.read(ref.key, ref))).toBe(sha256Hex(bytes));
});

test('putBlob, does not build on an object of another size', async () => {
  const bytes = seededBytes(300_000, 4);
  await store.create(blobKey(sha256Hex(bytes)), Buffer.from('something short'));
  await expect(putBlob(store, bytes)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
});

test('manifest, is one object for equal values and comes back as it was', async () => {
  const value = { kind: 'snapshot', parts: [{ b: 1, a: 'ü' }], rows: 0 };
  const ref = await putManifest(store, 'snapshot', value);
  const again = await putManifest(store, 'snapshot', { rows: 0, kind: 'snapshot', parts: [{ a: 'ü', b: 1 }] });
  expect(again).toEqual(ref);
  expect(ref.key).toBe(`manifests/snapshot/${ref.sha256}.json`);
  expect(await readManifest(store, ref)).toEqual(value);
  expect(await readManifestOf(store, 'snapshot', ref.sha256)).toEqual(value);
});

test('manifest, is refused when it is not what its digest says, or no JSON, or missing', async () => {
  const digest = sha256Hex('the real one');
  await store.create(`manifests/report/${digest}.json`, Buffer.from('{"another": "one"}'));
  await expect(readManifestOf(store, 'report', digest)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
  const text = Buffer.from('no JSON');
  const key = `manifests/report/${sha256Hex(text)}.json`;
  await store.create(key, text);
  const ref = { key, sha256: sha256Hex(text), bytes: text.length };
  await expect(readManifest(store, ref)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
  await expect(readManifestOf(store, 'report', sha256Hex('none'))).rejects.toMatchObject({ code: 'STORE.MISSING' });
  await expect(putManifest(store, 'report', { at: Number.NaN })).rejects.toThrow(TypeError);
});
