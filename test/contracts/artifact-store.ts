import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ref } from '../../src/domain/artifact.js';
import { hashFile, sha256Hex } from '../../src/stores/digest.js';
import type { ArtifactStore, FileBody } from '../../src/stores/store.js';
import { BAD_KEYS } from '../support/bad-keys.js';
import { seededBytes } from '../support/random.js';

/** What the suite needs of an implementation under test. */
export interface StoreSubject {
  readonly store: ArtifactStore;
  /** The same backend through another connection, as another process would have it. */
  readonly other: ArtifactStore;
  stop(): Promise<void>;
}

/** Larger than one part of the stores under test, so that what they send in parts is sent in parts. */
const LARGE = 12 * 1024 * 1024 + 7;

/** What every artifact store must do. An implementation that passes can carry Perennial. */
export function artifactStoreContract(
  name: string,
  open: () => Promise<StoreSubject>,
  /** Changes a byte of an object where the backend keeps it, for backends whose disk the test can reach. */
  spoil?: (key: string) => Promise<void>,
): void {
  describe(`artifact store contract: ${name}`, () => {
    let subject: StoreSubject;
    let store: ArtifactStore;
    let folder: string;
    let count = 0;
    /** A prefix that no other test uses. */
    const fresh = (): string => `tests/${(count += 1)}/`;

    const fileOf = async (bytes: Buffer): Promise<FileBody> => {
      const path = join(folder, `body-${(count += 1)}`);
      await writeFile(path, bytes);
      return { path, ...(await hashFile(path)) };
    };
    const keysBelow = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const object of store.list(prefix)) keys.push(object.key.slice(prefix.length));
      return keys;
    };

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'perennial-store-test-'));
      subject = await open();
      store = subject.store;
    });
    afterAll(async () => {
      await subject.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test('probe, accepts this backend and leaves nothing behind', async () => {
      await store.probe();
      expect(await keysBelow('')).toEqual([]);
    });

    test.each([0, 1, 1024, 65_537, 1024 * 1024])('create and read, give back %i bytes as they were', async (length) => {
      const key = `${fresh()}object`;
      const body = seededBytes(length, length + 1);
      expect(await store.create(key, body)).toBe('created');
      expectBytes(await store.read(key), body);
      expectBytes(await store.read(key, refOf(key, body)), body);
      expect(await store.stat(key)).toEqual({ bytes: length });
    });

    test('create, leaves an object that is there as it is', async () => {
      const key = `${fresh()}object`;
      expect(await store.create(key, Buffer.from('first'))).toBe('created');
      expect(await store.create(key, Buffer.from('second'))).toBe('exists');
      expect(await store.create(key, Buffer.from('first'))).toBe('exists');
      expect((await subject.other.read(key)).toString()).toBe('first');
    });

    test('create, has one winner among 20 writers, and what is read is the bytes of the winner', async () => {
      const prefix = fresh();
      for (let race = 0; race < 5; race += 1) {
        const key = `${prefix}race-${race}`;
        const bodies = Array.from({ length: 20 }, (_, writer) => Buffer.from(`race ${race}, writer ${writer}`));
        const outcomes = await Promise.all(
          bodies.map((body, writer) => (writer % 2 === 0 ? store : subject.other).create(key, body)),
        );
        const winners = bodies.filter((_, writer) => outcomes[writer] === 'created');
        expect(winners).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(19);
        expectBytes(await store.read(key), winners[0]);
      }
    });

    test('create, stores a file small or large', async () => {
      const prefix = fresh();
      for (const length of [0, 10, LARGE]) {
        const key = `${prefix}file-${length}`;
        const body = await fileOf(seededBytes(length, 5));
        expect(await store.create(key, body)).toBe('created');
        expect(await store.create(key, body)).toBe('exists');
        expect(await store.stat(key)).toEqual({ bytes: length });
        const copy = join(folder, `copy-${length}`);
        await store.download({ key, sha256: body.sha256, bytes: body.bytes }, copy);
        expect(await hashFile(copy)).toEqual({ sha256: body.sha256, bytes: body.bytes });
      }
    });

    test('create, has one winner among large files', async () => {
      const key = `${fresh()}large`;
      const bodies = await Promise.all([1, 2, 3, 4].map((seed) => fileOf(Buffer.alloc(LARGE, seed))));
      const outcomes = await Promise.all(
        bodies.map((body, writer) => (writer % 2 === 0 ? store : subject.other).create(key, body)),
      );
      const [winner, ...more] = bodies.filter((_, writer) => outcomes[writer] === 'created');
      expect(more).toEqual([]);
      expect(sha256Hex(await store.read(key))).toBe(winner?.sha256);
    });

    test.each([10, LARGE])('create, refuses a file of %i bytes that is not what its digest says', async (length) => {
      const prefix = fresh();
      const body = await fileOf(seededBytes(length, 9));
      const other = { ...body, sha256: sha256Hex('something else') };
      await expect(store.create(`${prefix}digest`, other)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
      await truncate(body.path, length - 1);
      await expect(store.create(`${prefix}size`, body)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
      await rm(body.path);
      await expect(store.create(`${prefix}gone`, body)).rejects.toMatchObject({ code: 'STORE.REFUSED' });
      expect(await keysBelow(prefix)).toEqual([]);
    });

    test('replace, overwrites, and whoever reads meanwhile gets one whole version', async () => {
      const key = `${fresh()}announcement`;
      const versions = Array.from({ length: 12 }, (_, version) => Buffer.alloc(20_000 + version, version));
      await store.replace(key, versions[0] as Buffer);
      const written = new AbortController();
      const reader = (async () => {
        while (!written.signal.aborted) {
          const bytes = await subject.other.read(key);
          expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
          expect(bytes.length).toBe(20_000 + (bytes[0] as number));
        }
      })();
      await Promise.all(versions.map((version) => store.replace(key, version)));
      await store.replace(key, versions[5] as Buffer);
      written.abort();
      await reader;
      expectBytes(await store.read(key), versions[5]);
    });

    test.each([10, LARGE])('replace, puts a file of %i bytes in the place of what is there', async (length) => {
      const key = `${fresh()}object`;
      await store.create(key, Buffer.from('something else'));
      const body = await fileOf(seededBytes(length, 21));
      await store.replace(key, body);
      expect(sha256Hex(await subject.other.read(key))).toBe(body.sha256);
      await truncate(body.path, length - 1);
      await expect(store.replace(key, body)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
      expect(sha256Hex(await store.read(key))).toBe(body.sha256);
    });

    test.each([0, 10, LARGE])(
      'check, reads all %i bytes of an object and says whether they are right',
      async (length) => {
        const key = `${fresh()}object`;
        const body = seededBytes(length, 22);
        const ref = refOf(key, body);
        await expect(store.check(ref)).rejects.toMatchObject({ code: 'STORE.MISSING' });
        await store.create(key, body);
        await store.check(ref);
        const corrupt = { code: 'STORE.CORRUPT' };
        await expect(store.check({ ...ref, bytes: length + 1 })).rejects.toMatchObject(corrupt);
        if (length > 0) await expect(store.check({ ...ref, bytes: length - 1 })).rejects.toMatchObject(corrupt);
        await expect(store.check({ ...ref, sha256: sha256Hex('others') })).rejects.toMatchObject(corrupt);
      },
    );

    test('read, tells a missing object from a wrong one', async () => {
      const key = `${fresh()}object`;
      await expect(store.read(key)).rejects.toMatchObject({ code: 'STORE.MISSING' });
      const body = Buffer.from('the bytes');
      await store.create(key, body);
      const wrong = [
        { ...refOf(key, body), sha256: sha256Hex('others') },
        { ...refOf(key, body), bytes: 8 },
        { ...refOf(key, body), bytes: 10 },
      ];
      for (const ref of wrong) await expect(store.read(key, ref)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
    });

    test('read, refuses what does not belong into memory', async () => {
      const key = `${fresh()}huge`;
      const path = join(folder, 'huge');
      await writeFile(path, '');
      await truncate(path, 64 * 1024 * 1024 + 1);
      await store.create(key, { path, ...(await hashFile(path)) });
      await expect(store.read(key)).rejects.toMatchObject({ code: 'STORE.REFUSED' });
      await store.remove(key);
    });

    test('download, gives a file its name only when it is right', async () => {
      const key = `${fresh()}object`;
      const body = seededBytes(300_000, 3);
      await store.create(key, body);
      const target = join(folder, 'downloads');
      await mkdir(target);
      const file = join(target, 'file');
      const wrong = { ...refOf(key, body), sha256: sha256Hex('others') };
      await expect(store.download(wrong, file)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
      await expect(store.download({ ...wrong, bytes: 299_999 }, file)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
      const gone = { ...refOf(key, body), key: `${key}-gone` };
      await expect(store.download(gone, file)).rejects.toMatchObject({ code: 'STORE.MISSING' });
      expect(await readdir(target)).toEqual([]);
      await Promise.all(Array.from({ length: 4 }, () => store.download(refOf(key, body), file)));
      expect(await readdir(target)).toEqual(['file']);
      expectBytes(await readFile(file), body);
    });

    test('download, says when the local folder cannot take the file', async () => {
      const key = `${fresh()}object`;
      const body = Buffer.from('body');
      await store.create(key, body);
      const nowhere = join(folder, 'no', 'such', 'folder', 'file');
      await expect(store.download(refOf(key, body), nowhere)).rejects.toMatchObject({ code: 'STORE.REFUSED' });
    });

    test('stat, is undefined for what is not there', async () => {
      const prefix = fresh();
      await store.create(`${prefix}folder/object`, Buffer.from('x'));
      expect(await store.stat(`${prefix}object`)).toBeUndefined();
      expect(await store.stat(`${prefix}folder`)).toBeUndefined();
    });

    test('list, gives every key as it was written, in order, and only those below the prefix', async () => {
      const prefix = fresh();
      const names = ['007', '0x1f', '1e3', 'a-b', 'a.b', 'a/b', 'a/c/d', 'a0', 'ab/c', 'a_b', 'null', 'true'];
      await Promise.all(names.map((name) => store.create(`${prefix}${name}`, Buffer.from(name))));
      expect(await keysBelow(prefix)).toEqual(names.toSorted());
      expect(await keysBelow(`${prefix}a/`)).toEqual(['b', 'c/d']);
      expect(await keysBelow(`${prefix}none/`)).toEqual([]);
      for await (const object of store.list(`${prefix}a/`)) {
        expect(object.bytes).toBe(3 + (object.key.endsWith('d') ? 2 : 0));
        expect(Math.abs(object.modified.getTime() - Date.now())).toBeLessThan(60_000);
      }
    });

    test('list, goes on where a page ends', async () => {
      const prefix = fresh();
      const names = Array.from({ length: 1203 }, (_, index) => String(index).padStart(5, '0'));
      const queue = [...names];
      const worker = async (): Promise<void> => {
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
          await store.create(`${prefix}${next}`, Buffer.from(next));
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      expect(await keysBelow(prefix)).toEqual(names);
    });

    test('remove, makes room for another, and removing nothing succeeds', async () => {
      const key = `${fresh()}object`;
      await store.remove(key);
      await store.create(key, Buffer.from('first'));
      await store.remove(key);
      await store.remove(key);
      expect(await store.stat(key)).toBeUndefined();
      expect(await store.create(key, Buffer.from('second'))).toBe('created');
      expect((await store.read(key)).toString()).toBe('second');
    });

    test.each(BAD_KEYS)('keys, refuse %j everywhere', async (key) => {
      const refused = { code: 'STORE.REFUSED' };
      const body = Buffer.from('x');
      const file = join(folder, 'never');
      await expect(store.create(key, body)).rejects.toMatchObject(refused);
      await expect(store.replace(key, body)).rejects.toMatchObject(refused);
      await expect(store.read(key)).rejects.toMatchObject(refused);
      await expect(store.download(refOf(key, body), file)).rejects.toMatchObject(refused);
      await expect(store.stat(key)).rejects.toMatchObject(refused);
      await expect(store.check(refOf(key, body))).rejects.toMatchObject(refused);
      await expect(store.remove(key)).rejects.toMatchObject(refused);
      if (key !== '') await expect(keysBelow(key.endsWith('/') ? `${key}/` : key)).rejects.toMatchObject(refused);
    });

    test('an address, lets whoever has it read or write this one object and no other, until it expires', async () => {
      const key = `${fresh()}object`;
      const body = seededBytes(300_000, 31);
      // Which the address must not open.
      await store.create(`${key}-other`, Buffer.from('not yours'));
      const address = async (to: 'read' | 'write', validMs = 60_000) => (await store.address?.(key, to, validMs)) ?? '';
      const [write, read] = await Promise.all([address('write'), address('read')]);
      if (write.startsWith('file:')) {
        await writeFile(fileURLToPath(write), body);
        expectBytes(await readFile(fileURLToPath(read)), body);
      } else {
        // The network may be bad: whoever has an address tries again.
        const answers = (url: string, status: number, init: RequestInit = {}) =>
          expect.poll(() => fetch(url, init).then((answer) => answer.status, String), { timeout: 20_000 }).toBe(status);
        const found = async () => sha256Hex(Buffer.from(await (await fetch(read)).arrayBuffer()));
        const upload = () => answers(write, 200, { method: 'PUT', body: new Uint8Array(body) });
        await upload();
        const right = () => found().then((sha256) => sha256 === sha256Hex(body), String);
        await expect
          .poll(async () => (await right()) === true || (await upload(), 'sent again'), { timeout: 20_000 })
          .toBe(true);
        await answers(read, 403, { method: 'PUT', body: 'x' });
        await answers(read.replace(key, `${key}-other`), 403);
        await answers(await address('read', 1000), 403);
      }
      // What nobody recorded the digest of is read with one that the writer told.
      const copy = join(folder, `addressed-${count}`);
      await store.download(refOf(key, body), copy);
      expectBytes(await readFile(copy), body);
      await store.remove(key);
    });

    test('an aborted signal, ends every call with its reason', async () => {
      const key = `${fresh()}object`;
      const body = Buffer.from('x');
      await store.create(key, body);
      const reason = new Error('the caller went home');
      const options = { signal: AbortSignal.abort(reason) };
      const file = join(folder, 'aborted');
      await expect(store.create(`${key}-2`, body, options)).rejects.toBe(reason);
      await expect(store.replace(key, Buffer.from('y'), options)).rejects.toBe(reason);
      await expect(store.read(key, undefined, options)).rejects.toBe(reason);
      await expect(store.download(refOf(key, body), file, options)).rejects.toBe(reason);
      await expect(store.stat(key, options)).rejects.toBe(reason);
      await expect(store.check(refOf(key, body), options)).rejects.toBe(reason);
      await expect(store.list('tests/', options)[Symbol.asyncIterator]().next()).rejects.toBe(reason);
      await expect(store.remove(key, options)).rejects.toBe(reason);
      expect(await store.stat(`${key}-2`)).toBeUndefined();
      expectBytes(await store.read(key), body);
    });

    test('abort in the middle, leaves a key free or its object whole, and no file', async () => {
      const prefix = fresh();
      const body = await fileOf(seededBytes(LARGE, 11));
      const ref = (key: string): Ref => ({ key, sha256: body.sha256, bytes: body.bytes });
      const reason = new Error('enough');
      for (const ms of [1, 5, 10, 20, 40]) {
        const key = `${prefix}after-${ms}`;
        const controller = new AbortController();
        const timer = setTimeout(() => controller.abort(reason), ms);
        const outcome = await store.create(key, body, { signal: controller.signal }).catch((error: unknown) => error);
        clearTimeout(timer);
        expect(['created', reason]).toContain(outcome);
        const found = await store.stat(key);
        expect([undefined, body.bytes]).toContain(found?.bytes);
        await store.create(key, body);
        expect(sha256Hex(await store.read(key, ref(key)))).toBe(body.sha256);

        const target = join(folder, `aborted-${ms}`);
        await mkdir(target);
        const second = new AbortController();
        const end = setTimeout(() => second.abort(reason), ms);
        const read = await store
          .download(ref(key), join(target, 'file'), { signal: second.signal })
          .catch((error: unknown) => error);
        clearTimeout(end);
        expect([undefined, reason]).toContain(read);
        expect(await readdir(target)).toEqual(read === undefined ? ['file'] : []);
      }
    });

    if (!spoil) return;
    test('a spoilt object, is never read as if it were right', async () => {
      const key = `${fresh()}object`;
      const body = seededBytes(400_000, 13);
      await store.create(key, body);
      await spoil(key);
      const found = { code: expect.stringMatching(/^STORE\.(CORRUPT|UNAVAILABLE)$/) };
      await expect(store.read(key)).rejects.toMatchObject(found);
      await expect(store.read(key, refOf(key, body))).rejects.toMatchObject(found);
      await expect(store.download(refOf(key, body), join(folder, 'spoilt'))).rejects.toMatchObject(found);
      await expect(store.check(refOf(key, body))).rejects.toMatchObject(found);
      expect(await readdir(folder)).not.toContain('spoilt');
      await store.replace(key, body);
      await store.check(refOf(key, body));
    });
  });
}

/** `toEqual` takes seconds over a MiB. */
function expectBytes(found: Buffer, wanted: Buffer | undefined): void {
  expect(describeBytes(found)).toEqual(wanted && describeBytes(wanted));
}

function describeBytes(bytes: Buffer): { bytes: number; sha256: string } {
  return { bytes: bytes.length, sha256: sha256Hex(bytes) };
}

function refOf(key: string, body: Buffer): Ref {
  return { key, sha256: sha256Hex(body), bytes: body.length };
}
