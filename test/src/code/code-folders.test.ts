import { chmod, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { beforeEach, describe, expect, it } from 'vitest';
import { CodeFolders } from '../../../src/code/code-folders.js';
import { packCode } from '../../../src/code/pack-code.js';
import type { CodeBundle } from '../../../src/domain/code.js';
import { ArtifactCorruptError } from '../../../src/errors.js';
import { BlobCache, putBlob } from '../../../src/stores/blobs.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { temporaryFolder } from '../dev/stand-ins.js';
import { writeTree } from './tree.js';

let folder: string;
let store: FolderStore;
let folders: CodeFolders;
let downloads: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = new FolderStore(path.join(folder, 'store'));
  downloads = 0;
  const download = store.download.bind(store);
  store.download = async (...args) => {
    downloads += 1;
    await download(...args);
  };
  folders = worker('one');
});

/** The code folders of a worker with a work folder of this name. */
function worker(name: string): CodeFolders {
  const cache = new BlobCache(store, path.join(folder, name, 'blobs'), { maxBytes: 1e9 });
  return new CodeFolders(path.join(folder, name, 'code'), cache);
}

async function kept(files: Parameters<typeof writeTree>[1]): Promise<CodeBundle> {
  const { bundle, tar } = await packCode(await writeTree(path.join(folder, 'source'), files));
  await putBlob(store, tar);
  return bundle;
}

describe('a bundle on a worker', () => {
  it('is unpacked once into read-only files, however many ask, also when the source is gone', async () => {
    const bundle = await kept({ 'train.py': 'print(1)\n', 'bin/run': { content: '#!/bin/sh\n', mode: 0o755 } });
    await rm(path.join(folder, 'source'), { recursive: true });
    const places = await Promise.all([1, 2, 3].map(() => folders.of(bundle)));
    expect(new Set([...places, await folders.of(bundle)]).size).toBe(1);
    expect(downloads).toBe(1);
    const [place = ''] = places;
    const mode = async (name: string) => (await stat(path.join(place, name))).mode & 0o777;
    expect([await mode('train.py'), await mode('bin/run')]).toEqual([0o444, 0o555]);
    expect(await readFile(path.join(place, 'train.py'), 'utf8')).toBe('print(1)\n');
    expect(await readdir(path.dirname(place))).toEqual([bundle.ref.sha256]);
  });

  it.each<[what: string, damage: (place: string) => Promise<unknown>]>([
    ['a changed file', (place) => rewritten(path.join(place, 'train.py'), 'print(2)\n')],
    ['a file more', (place) => writeFile(path.join(place, 'sitecustomize.py'), '')],
    ['a file less', (place) => rm(path.join(place, 'lib.py'))],
    ['a program that cannot be executed any more', (place) => chmod(path.join(place, 'run'), 0o444)],
  ])('with %s is unpacked anew', async (_what, damage) => {
    const bundle = await kept({ 'train.py': 'print(1)\n', 'lib.py': '', run: { content: '', mode: 0o755 } });
    await damage(await folders.of(bundle));
    const place = await folders.of(bundle);
    expect((await readdir(place)).toSorted()).toEqual(['lib.py', 'run', 'train.py']);
    expect(await readFile(path.join(place, 'train.py'), 'utf8')).toBe('print(1)\n');
    expect((await stat(path.join(place, 'run'))).mode & 0o777).toBe(0o555);
    expect(await readdir(path.dirname(place))).toEqual([bundle.ref.sha256]);
  });

  it('loses what an interpreter has left there, and stays', async () => {
    const bundle = await kept({ 'a/b.py': '' });
    const place = await folders.of(bundle);
    await writeTree(place, { 'a/__pycache__/b.cpython-311.pyc': 'other code' });
    const { ino } = await stat(path.join(place, 'a/b.py'));
    await folders.of(bundle);
    expect(await readdir(path.join(place, 'a'))).toEqual(['b.py']);
    expect((await stat(path.join(place, 'a/b.py'))).ino).toBe(ino);
  });

  it('goes when no training has used it for a month', async () => {
    const old = await folders.of(await kept({ 'a.py': 'old' }));
    const used = await kept({ 'a.py': 'used' });
    const monthAgo = Date.now() / 1000 - 31 * 86_400;
    await utimes(old, monthAgo, monthAgo);
    await utimes(await folders.of(used), monthAgo, monthAgo);
    await folders.of(used);
    const fresh = await kept({ 'a.py': 'new' });
    const left = await readdir(path.dirname(await folders.of(fresh)));
    expect(left.toSorted()).toEqual([used.ref.sha256, fresh.ref.sha256].toSorted());
  });
});

describe('a bundle that was not packed by us is refused, and nothing of it is written', () => {
  const file = (name: string, more: object = {}, content = 'x') =>
    entry({ path: name, size: content.length, ...more }, content);
  const good = file('train.py', { mtime: new Date(0) });
  it.each<[what: string, message: RegExp, tar: Buffer]>([
    ['a path upwards', /found the path "\.\.\/evil\.py"/, tarOf(file('../evil.py'))],
    ['a path upwards inside', /found the path "a\/\.\.\/\.\.\/evil\.py"/, tarOf(file('a/../../evil.py'))],
    ['an absolute path', /found the path "\/tmp\/evil\.py"/, tarOf(file('/tmp/evil.py'))],
    ['a backslash', /found the path/, tarOf(file('..\\evil.py'))],
    [
      'a symbolic link',
      /"evil" of type SymbolicLink/,
      tarOf(entry({ path: 'evil', type: 'SymbolicLink', linkpath: '/etc' })),
    ],
    ['a hard link', /"evil" of type Link/, tarOf(good, entry({ path: 'evil', type: 'Link', linkpath: 'train.py' }))],
    ['a device', /"evil" of type CharacterDevice/, tarOf(entry({ path: 'evil', type: 'CharacterDevice' }))],
    ['a pipe', /"evil" of type FIFO/, tarOf(entry({ path: 'evil', type: 'FIFO' }))],
    ['a folder', /"evil\/" of type Directory/, tarOf(entry({ path: 'evil/', type: 'Directory' }))],
    ['a file twice', /"train\.py" a second time/, tarOf(good, good)],
    ['a file that is a folder too', /"a\/b" inside a file/, tarOf(file('a'), file('a/b'))],
    ['a compressed tar', /found no plain tar/, gzipSync(tarOf(good))],
    ['a tar that is cut', /damaged tar|what packing it does not give/, tarOf(good).subarray(0, 700)],
    ['noise', /found no plain tar/, Buffer.alloc(4096, 'noise')],
    ['nothing', /found no plain tar/, Buffer.alloc(0)],
    ['a time', /what packing it does not give/, tarOf(file('train.py', { mtime: new Date(1e12) }))],
    ['an owner', /what packing it does not give/, tarOf(file('train.py', { mtime: new Date(0), uid: 1000 }))],
    ['other rights', /what packing it does not give/, tarOf(file('train.py', { mtime: new Date(0), mode: 0o4755 }))],
    [
      'another order',
      /what packing it does not give/,
      tarOf(file('b', { mtime: new Date(0) }), file('a', { mtime: new Date(0) })),
    ],
  ])('%s', async (_what, message, tar) => {
    const ref = await putBlob(store, tar);
    const error = await folders.of({ ref, files: 1 }).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).toMatch(message);
    expect(error).toBeInstanceOf(ArtifactCorruptError);
    expect(await readdir(path.join(folder, 'one', 'code')).catch(() => [])).toEqual([]);
    expect((await readdir(path.join(folder, 'one'))).toSorted()).not.toContain('evil.py');
  });
});

it('a bundle that is damaged in the store is not unpacked', async () => {
  const bundle = await kept({ 'train.py': 'print(1)\n' });
  const file = path.join(folder, 'store', bundle.ref.key);
  const bytes = await readFile(file);
  bytes[600] = 7;
  await rewritten(file, bytes);
  await expect(folders.of(bundle)).rejects.toBeInstanceOf(ArtifactCorruptError);
});

async function rewritten(file: string, content: string | Buffer): Promise<void> {
  await chmod(file, 0o644);
  await writeFile(file, content);
  await chmod(file, 0o444);
}

function entry(facts: ConstructorParameters<typeof Header>[0], content = ''): Buffer {
  const header = new Header({ mode: 0o644, uid: 0, gid: 0, size: 0, type: 'File', ...(facts as object) });
  header.encode();
  return Buffer.concat([header.block!, Buffer.from(content), Buffer.alloc(-content.length & 511)]);
}

function tarOf(...entries: Buffer[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}
