import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Ref } from '../../../src/domain/artifact.js';
import { ArtifactMissingError } from '../../../src/errors.js';
import { putBlob, putManifest, readManifest, readManifestOf } from '../../../src/stores/blobs.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { RememberingStore } from '../../../src/stores/remembering-store.js';
import type { CallOptions } from '../../../src/stores/store.js';

class ReadStore extends FolderStore {
  readonly asked: string[] = [];

  override read(key: string, expected?: Ref, options?: CallOptions): Promise<Buffer> {
    this.asked.push(key);
    return super.read(key, expected, options);
  }
}

let folder: string;
let store: ReadStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-remembering-'));
  store = new ReadStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('a manifest, is asked for once, by its reference or its digest alone', async () => {
  const remembered = new RememberingStore(store);
  const ref = await putManifest(store, 'spec', { name: 'one' });
  expect(await readManifest(remembered, ref)).toEqual({ name: 'one' });
  expect(await readManifest(remembered, ref)).toEqual({ name: 'one' });
  expect(await readManifestOf(remembered, 'spec', ref.sha256)).toEqual({ name: 'one' });
  expect(store.asked).toEqual([ref.key]);
});

it('what is no manifest, is asked for each time', async () => {
  const remembered = new RememberingStore(store);
  const ref = await putBlob(store, Buffer.from('rows'));
  await remembered.read(ref.key);
  await remembered.read(ref.key);
  expect(store.asked).toHaveLength(2);
});

it('what is not there or is damaged, is not remembered', async () => {
  const remembered = new RememberingStore(store);
  const ref = await putManifest(store, 'spec', { name: 'one' });
  const right = await store.read(ref.key);
  await store.remove(ref.key);
  await expect(remembered.read(ref.key)).rejects.toThrow(ArtifactMissingError);
  await store.create(ref.key, Buffer.from('{"name":"two"}'));
  expect((await remembered.read(ref.key)).toString()).toBe('{"name":"two"}');
  await store.replace(ref.key, right);
  expect(await remembered.read(ref.key)).toEqual(right);
});

it('what was asked for least lately, is forgotten when there is no room', async () => {
  const remembered = new RememberingStore(store, { maxBytes: 40 });
  const [one, two, three] = await Promise.all(
    ['one', 'two', 'six'].map((name) => putManifest(store, 'spec', { name: name })),
  );
  for (const ref of [one, two, one, three]) await remembered.read(ref?.key ?? '');
  store.asked.length = 0;
  for (const ref of [one, three, two]) await remembered.read(ref?.key ?? '');
  expect(store.asked).toEqual([two?.key]);
});
