import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ref } from '../../../src/domain/artifact.js';
import { BlobCache, putBlob } from '../../../src/stores/blobs.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import type { CallOptions } from '../../../src/stores/store.js';
import { seededBytes } from '../../support/random.js';

/** Counts downloads, and holds them until they are let go. */
class CountingStore extends FolderStore {
  downloads = 0;
  gate: Promise<void> = Promise.resolve();

  override async download(ref: Ref, file: string, options: CallOptions = {}): Promise<void> {
    this.downloads += 1;
    const aborted = new Promise<never>((_, reject) => {
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error), { once: true });
    });
    await Promise.race([this.gate, aborted]);
    await super.download(ref, file, options);
  }
}

const BYTES = 10_000;
let folder: string;
let store: CountingStore;
let refs: Ref[];
const cacheFolder = (): string => join(folder, 'cache');
const cache = (options: { maxBytes?: number; keepMs?: number } = {}): BlobCache =>
  new BlobCache(store, cacheFolder(), { maxBytes: 1_000_000, ...options });
const ref = (index: number): Ref => refs[index] as Ref;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-cache-'));
  store = new CountingStore(join(folder, 'store'));
  refs = await Promise.all([1, 2, 3, 4].map((seed) => putBlob(store, seededBytes(BYTES, seed))));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('file, is downloaded once, however many ask at once and after', async () => {
  const blobs = cache();
  const paths = await Promise.all(Array.from({ length: 20 }, () => blobs.file(ref(0))));
  expect(new Set(paths).size).toBe(1);
  expect(await blobs.file(ref(0))).toBe(paths[0]);
  expect(store.downloads).toBe(1);
  expect((await readFile(paths[0] as string)).equals(seededBytes(BYTES, 1))).toBe(true);
  expect((await stat(paths[0] as string)).mode & 0o222).toBe(0);
});

test('file that another process left, is used after it was checked', async () => {
  await cache().file(ref(0));
  await cache().file(ref(0));
  expect(store.downloads).toBe(1);
});

test.each(['another byte', 'too short', 'empty'])(
  'file that was spoilt on disk (%s), is fetched again',
  async (how) => {
    const blobs = cache();
    const path = await blobs.file(ref(0));
    const spoilt = seededBytes(BYTES, 1);
    spoilt[5000] = (spoilt[5000] ?? 0) ^ 1;
    await chmod(path, 0o644);
    await writeFile(path, how === 'empty' ? '' : how === 'too short' ? spoilt.subarray(0, 10) : spoilt);
    for (const other of [blobs, cache()]) {
      expect((await readFile(await other.file(ref(0)))).equals(seededBytes(BYTES, 1))).toBe(true);
    }
    expect(store.downloads).toBe(2);
  },
);

test('cache over its bound, drops what was used longest ago and keeps what it just gave', async () => {
  const blobs = cache({ maxBytes: 2 * BYTES, keepMs: 0 });
  await blobs.file(ref(0));
  await blobs.file(ref(1));
  await tick();
  await blobs.file(ref(0));
  await tick();
  await blobs.file(ref(2));
  expect(new Set(await readdir(cacheFolder()))).toEqual(new Set([ref(0).sha256, ref(2).sha256]));
  const tiny = cache({ maxBytes: 1, keepMs: 0 });
  const path = await tiny.file(ref(3));
  expect(await readdir(cacheFolder())).toEqual([ref(3).sha256]);
  expect((await stat(path)).size).toBe(BYTES);
});

test('cache over its bound, does not drop what somebody may be about to open', async () => {
  const blobs = cache({ maxBytes: BYTES });
  const paths = await Promise.all(refs.map((each) => blobs.file(each)));
  for (const path of paths) expect((await stat(path)).size).toBe(BYTES);
});

test('files of work under way, stay however full the cache is, and go when it has ended', async () => {
  const blobs = cache({ maxBytes: 2 * BYTES, keepMs: 0 });
  await blobs.during(async (files) => {
    const mine = [await files.file(ref(0)), await files.file(ref(1)), await files.file(ref(0))];
    await blobs.file(ref(2));
    await blobs.file(ref(3));
    for (const path of mine) expect((await stat(path)).size).toBe(BYTES);
  });
  await tick();
  await blobs.file(ref(2));
  const left = await readdir(cacheFolder());
  expect(left).toContain(ref(2).sha256);
  expect(left.length).toBeLessThanOrEqual(2);
});

test('work that needs more at once than may be kept, is refused and told what to change', async () => {
  const blobs = cache({ maxBytes: 2 * BYTES, keepMs: 0 });
  const needy = blobs.during(async (files) => Promise.all([0, 1, 2].map((index) => files.file(ref(index)))));
  await expect(needy).rejects.toMatchObject({
    code: 'WORKER.CACHE',
    next: 'fail',
    message: `Cannot keep all that a step works with on this disk: it needs ${3 * BYTES} bytes or more at once, the limit is ${2 * BYTES}`,
    fix: expect.stringContaining('--cache-bytes'),
  });
  // Nothing of it is held any longer.
  expect(await blobs.during((files) => Promise.all([1, 2].map((index) => files.file(ref(index)))))).toHaveLength(2);
});

test('work that does not fit beside other work, is told to come again, and then fits', async () => {
  const blobs = cache({ maxBytes: 2 * BYTES, keepMs: 0 });
  const second = () => blobs.during((files) => files.file(ref(2)));
  await blobs.during(async (files) => {
    await Promise.all([files.file(ref(0)), files.file(ref(1))]);
    await expect(second()).rejects.toMatchObject({ code: 'DATA.ENGINE', next: 'retry' });
    // What others hold already costs nothing more.
    await blobs.during((others) => others.file(ref(1)));
    expect((await stat(join(cacheFolder(), ref(1).sha256))).size).toBe(BYTES);
  });
  expect((await stat(await second())).size).toBe(BYTES);
});

test('files of work under way in another process, stay as long as it goes on', async () => {
  const keepMs = 60;
  const [mine, theirs] = [cache({ maxBytes: BYTES, keepMs }), cache({ maxBytes: BYTES, keepMs })];
  const end = Date.now() + 10 * keepMs;
  await mine.during(async (files) => {
    const path = await files.file(ref(0));
    for (let seed = 200; Date.now() < end; seed += 1) {
      await theirs.file(await putBlob(store, seededBytes(BYTES, seed)));
      expect((await stat(path)).size).toBe(BYTES);
      await tick();
    }
  });
});

test('cache in use, never holds much more than its bound', async () => {
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, seed) => putBlob(store, seededBytes(BYTES, 100 + seed))),
  );
  const blobs = cache({ maxBytes: 10 * BYTES, keepMs: 0 });
  for (let from = 0; from < many.length; from += 8) {
    await blobs.during((files) => Promise.all(many.slice(from, from + 8).map((each) => files.file(each))));
    expect((await readdir(cacheFolder())).length).toBeLessThanOrEqual(10);
    await tick();
  }
});

test('abort of one caller, lets the others have their file; abort of all, stops the download', async () => {
  const blobs = cache();
  let open = (): void => undefined;
  store.gate = new Promise((resolve) => (open = resolve));
  const [first, second] = [new AbortController(), new AbortController()];
  const one = blobs.file(ref(0), { signal: first.signal });
  const two = blobs.file(ref(0), { signal: second.signal });
  const reason = new Error('the first went home');
  first.abort(reason);
  await expect(one).rejects.toBe(reason);
  second.abort(new Error('the second too'));
  await expect(two).rejects.toThrow('the second too');
  const three = blobs.file(ref(0));
  open();
  expect((await stat(await three)).size).toBe(BYTES);
  expect(store.downloads).toBe(2);
  expect(await readdir(cacheFolder())).toEqual([ref(0).sha256]);
});

test('object that is missing, is asked for again the next time', async () => {
  const blobs = cache();
  await store.remove(ref(0).key);
  await expect(blobs.file(ref(0))).rejects.toMatchObject({ code: 'STORE.MISSING' });
  await putBlob(store, seededBytes(BYTES, 1));
  expect((await stat(await blobs.file(ref(0)))).size).toBe(BYTES);
});

test('sweep, removes half downloads of processes that were killed long ago, and nothing else', async () => {
  await mkdir(cacheFolder());
  const dayOld = Date.now() / 1000 - 25 * 3600;
  const files = { [`${ref(0).sha256}.one.part`]: dayOld, 'two.part': Date.now() / 1000, [ref(1).sha256]: dayOld };
  for (const [name, time] of Object.entries(files)) {
    await writeFile(join(cacheFolder(), name), 'half');
    await utimes(join(cacheFolder(), name), time, time);
  }
  await cache().sweep();
  expect(new Set(await readdir(cacheFolder()))).toEqual(new Set(['two.part', ref(1).sha256]));
});

/** File systems keep times in steps of milliseconds. */
function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 15));
}
