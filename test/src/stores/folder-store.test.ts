import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { artifactStoreContract } from '../../contracts/artifact-store.js';

let contractFolder = '';
artifactStoreContract(
  'local folder',
  async () => {
    contractFolder = await mkdtemp(join(tmpdir(), 'perennial-folder-store-'));
    return {
      store: new FolderStore(contractFolder),
      other: new FolderStore(contractFolder),
      stop: () => rm(contractFolder, { recursive: true, force: true }),
    };
  },
  async (key) => {
    const bytes = await readFile(join(contractFolder, key));
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await writeFile(join(contractFolder, key), bytes);
  },
);

let folder: string;
let store: FolderStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-folder-store-'));
  store = new FolderStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('object on disk, is the plain bytes under its key', async () => {
  await store.create('blobs/x', Buffer.from('plain'));
  expect(await readFile(join(folder, 'blobs/x'), 'utf8')).toBe('plain');
  expect((await stat(join(folder, 'blobs/x'))).nlink).toBe(1);
});

test('folder, keeps no trace of what was removed or never finished', async () => {
  const gone = { path: join(folder, 'no-such-file'), sha256: '0'.repeat(64), bytes: 1 };
  await expect(store.create('a/b/c', gone)).rejects.toMatchObject({ code: 'STORE.REFUSED' });
  await store.create('a/b/d', Buffer.from('x'));
  await store.remove('a/b/d');
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(['.records', '.temporary']);
});

test('file put there by hand, is read with a digest and refused without one', async () => {
  await store.create('a/x', Buffer.from('x'));
  await writeFile(join(folder, 'a/by-hand'), 'foreign');
  await expect(store.read('a/by-hand')).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
});

test('key that is a prefix of another, is refused instead of hidden', async () => {
  await store.create('a/b', Buffer.from('x'));
  await expect(store.create('a/b/c', Buffer.from('y'))).rejects.toMatchObject({ code: 'STORE.REFUSED' });
});

test('replacing for long, keeps few records', async () => {
  for (let version = 0; version < 5; version += 1) await store.replace('a/x', Buffer.from(`version ${version}`));
  const records = await readdir(join(folder, '.records/a/x'));
  expect(records.length).toBeLessThanOrEqual(5);
  expect((await store.read('a/x')).toString()).toBe('version 4');
});
