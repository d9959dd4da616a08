import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startMinio, type S3Server } from '../../../src/dev/minio.js';
import { startVersitygw } from '../../../src/dev/versitygw.js';
import { hashFile, sha256Hex } from '../../../src/stores/digest.js';
import type { MinioStore } from '../../../src/stores/minio-store.js';
import { PreparedFile } from '../../../src/stores/prepared-file.js';
import type { FileBody } from '../../../src/stores/store.js';
import type { Fault } from '../../support/fault-rules.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import { seededBytes } from '../../support/random.js';
import { openUploads, testStore } from '../../support/s3-subject.js';

const LIMITS = { idleMs: 400, wholeMs: 5000, connectMs: 1000 };
const ATTEMPTS = 4;

describe.each([
  ['MinIO', () => startMinio()],
  ['versitygw', () => startVersitygw()],
])('faults before %s', (_name, start) => {
  let server: S3Server;
  let proxy: FaultProxy;
  /** Goes through the proxy. */
  let store: MinioStore;
  /** Does not. */
  let direct: MinioStore;
  let folder: string;
  let large: FileBody;
  let count = 0;
  const body = seededBytes(50_000, 1);
  const refOf = (key: string, bytes = body) => ({ key, sha256: sha256Hex(bytes), bytes: bytes.length });
  const freshKey = (): string => `faults/${(count += 1)}`;

  beforeAll(async () => {
    server = await start();
    proxy = await startFaultProxy(server.endpoint, { seed: 1 });
    const retry = { attempts: ATTEMPTS, baseMs: 5, capMs: 20 };
    store = testStore({ ...server, endpoint: proxy.endpoint }, { limits: LIMITS, retry });
    direct = testStore(server);
    await direct.ensureBucket();
    folder = await mkdtemp(join(tmpdir(), 'perennial-faults-'));
    const path = join(folder, 'large');
    await writeFile(path, seededBytes(11 * 1024 * 1024, 2));
    large = { path, ...(await hashFile(path)) };
    // What a store asks once about uploads in parts is asked before faults are counted.
    await store.create('faults/first', large);
  });
  afterAll(async () => {
    await store.close();
    await direct.close();
    await proxy.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => proxy.rules());

  const writeFaults: Fault[] = ['unavailable', 'reset', 'apply-then-drop', 'hang', 'flip', 'page'];

  test.each(writeFaults)('create, is done once and known to be ours through: %s', async (fault) => {
    const key = freshKey();
    proxy.rules({ fault, method: 'PUT' });
    expect(await store.create(key, body)).toBe('created');
    expect(proxy.log).toHaveLength(1);
    expect(await direct.create(key, Buffer.from('late'))).toBe('exists');
    expect((await direct.read(key, refOf(key))).equals(body)).toBe(true);
  });

  test.each(writeFaults)('create, does not take the object of another for its own through: %s', async (fault) => {
    const key = freshKey();
    await direct.create(key, Buffer.from('theirs'));
    proxy.rules({ fault, method: 'PUT' });
    expect(await store.create(key, body)).toBe('exists');
    expect(proxy.log).toHaveLength(1);
    expect((await direct.read(key)).toString()).toBe('theirs');
  });

  test('create, finds out what became of it even when reading back fails at first', async () => {
    const key = freshKey();
    proxy.rules({ fault: 'apply-then-drop', method: 'PUT' }, { fault: 'reset', method: 'HEAD', times: ATTEMPTS });
    expect(await store.create(key, body)).toBe('created');
    expect(proxy.log.map((event) => event.fault)).toEqual(['apply-then-drop', ...Array(ATTEMPTS).fill('reset')]);
  });

  test('create, of a page that answers everything with 200 believes nothing', async () => {
    const key = freshKey();
    proxy.rules({ fault: 'page', times: Infinity });
    await expect(store.create(key, body)).rejects.toMatchObject({ code: 'STORE.UNAVAILABLE', next: 'retry' });
    await expect(store.stat(key)).rejects.toMatchObject({ code: 'STORE.UNAVAILABLE' });
    await expect(store.read(key)).rejects.toMatchObject({ code: 'STORE.UNAVAILABLE' });
    await expect(store.remove(key)).rejects.toMatchObject({ code: 'STORE.UNAVAILABLE' });
    await expect(store.list('faults/')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'STORE.UNAVAILABLE',
    });
    expect(await direct.stat(key)).toBeUndefined();
  });

  test.each(['unavailable', 'reset'] as const)('every call, gives up within its attempts when: %s', async (fault) => {
    const key = freshKey();
    proxy.rules({ fault, times: Infinity });
    const unavailable = { code: 'STORE.UNAVAILABLE', next: 'retry' };
    await expect(store.replace(key, body)).rejects.toMatchObject(unavailable);
    expect(proxy.requests).toHaveLength(ATTEMPTS);
    await expect(store.create(key, body)).rejects.toMatchObject(unavailable);
    await expect(store.read(key)).rejects.toMatchObject(unavailable);
    await expect(store.download(refOf(key), join(folder, 'never'))).rejects.toMatchObject(unavailable);
    await expect(store.stat(key)).rejects.toMatchObject(unavailable);
    await expect(store.remove(key)).rejects.toMatchObject(unavailable);
    expect(await readdir(folder)).toEqual(['large']);
  });

  test('racing creators, have one winner when answers are lost all the time', async () => {
    proxy.rules(
      { fault: 'apply-then-drop', method: 'PUT', chance: 0.3, times: Infinity },
      { fault: 'reset', method: 'PUT', chance: 0.2, times: Infinity },
    );
    for (let race = 0; race < 10; race += 1) {
      const key = freshKey();
      const bodies = Array.from({ length: 8 }, (_, writer) => Buffer.from(`${race}-${writer}`));
      const outcomes = await Promise.allSettled(bodies.map((bytes) => store.create(key, bytes)));
      const winners = bodies.filter((_, writer) => {
        const outcome = outcomes[writer];
        return outcome?.status === 'fulfilled' && outcome.value === 'created';
      });
      const there = await direct.read(key);
      // A writer whose every answer was lost may not know; nobody is ever wrong.
      const unsure = bodies.filter((_, writer) => outcomes[writer]?.status === 'rejected');
      expect(winners.length).toBeLessThanOrEqual(1);
      expect([...winners, ...unsure].some((bytes) => bytes.equals(there))).toBe(true);
    }
    expect(proxy.log.filter((event) => event.fault === 'apply-then-drop' && event.status === 200)).not.toEqual([]);
  });

  const readFaults: Fault[] = ['unavailable', 'reset', 'truncate', 'shorten', 'stall', 'hang', 'flip', 'page'];

  test.each(readFaults)('read and download, give the right bytes through: %s', async (fault) => {
    const key = freshKey();
    await direct.create(key, body);
    proxy.rules({ fault, method: 'GET' });
    expect((await store.read(key)).equals(body)).toBe(true);
    expect(proxy.log).toHaveLength(1);
    proxy.rules({ fault, method: 'GET' });
    const file = join(folder, `copy-${fault}`);
    await store.download(refOf(key), file);
    expect(proxy.log).toHaveLength(1);
    expect((await readFile(file)).equals(body)).toBe(true);
    await rm(file);
  });

  test.each([
    ['flip', 'STORE.CORRUPT'],
    ['shorten', 'STORE.CORRUPT'],
    ['truncate', 'STORE.UNAVAILABLE'],
    ['stall', 'STORE.UNAVAILABLE'],
  ] as const)('read and download, of bytes that are always wrong by %s, say %s', async (fault, code) => {
    const key = freshKey();
    await direct.create(key, body);
    proxy.rules({ fault, method: 'GET', times: Infinity });
    await expect(store.read(key)).rejects.toMatchObject({ code });
    await expect(store.read(key, refOf(key))).rejects.toMatchObject({ code });
    await expect(store.download(refOf(key), join(folder, 'wrong'))).rejects.toMatchObject({ code });
    expect(await readdir(folder)).toEqual(['large']);
  });

  test.each(['truncate', 'shorten', 'stall', 'page'] as const)('list, misses nothing through: %s', async (fault) => {
    const prefix = `${freshKey()}/`;
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => direct.create(`${prefix}${name}`, body)));
    proxy.rules({ fault, method: 'GET' });
    const keys: string[] = [];
    for await (const object of store.list(prefix)) keys.push(object.key.slice(prefix.length));
    expect(keys).toEqual(names);
    expect(proxy.log).toHaveLength(1);
  });

  describe('a file sent in parts', () => {
    const initiate = { method: 'POST', path: /\?uploads/ };
    const part = { method: 'PUT', path: /partNumber=2/ };
    const complete = { method: 'POST', path: /\?uploadId/ };

    test.each([
      ...(['unavailable', 'reset', 'page'] as const).map((fault) => ({ at: 'begin', fault, ...initiate })),
      ...(['unavailable', 'reset', 'apply-then-drop', 'flip', 'hang', 'page'] as const).map((fault) => ({
        at: 'part',
        fault,
        ...part,
      })),
      ...(['unavailable', 'reset', 'apply-then-drop', 'flip', 'hang', 'page'] as const).map((fault) => ({
        at: 'complete',
        fault,
        ...complete,
      })),
    ])('is created once and whole, and leaves no upload open, through at $at: $fault', async ({ at: _at, ...rule }) => {
      const key = freshKey();
      proxy.rules(rule);
      expect(await store.create(key, large)).toBe('created');
      expect(proxy.log.map((event) => event.fault)).toEqual([rule.fault]);
      expect(sha256Hex(await direct.read(key))).toBe(large.sha256);
      expect(await openUploads(server)).toEqual([]);
    });

    test.each(['unavailable', 'reset', 'apply-then-drop', 'page'] as const)(
      'takes the place of another object, also when its end meets: %s',
      async (fault) => {
        const key = freshKey();
        await direct.create(key, Buffer.from('another object'));
        proxy.rules({ fault, ...complete });
        await store.replace(key, large);
        expect(proxy.log.length).toBeGreaterThan(0);
        await direct.check({ key, sha256: large.sha256, bytes: large.bytes });
        expect(await openUploads(server)).toEqual([]);
      },
    );

    test('is refused when it changed after it was hashed, prepared or not', async () => {
      const path = join(folder, 'changing');
      const bytes = seededBytes(large.bytes, 5);
      for (const hash of [PreparedFile.read, async () => ({ path, ...(await hashFile(path)) })]) {
        await writeFile(path, bytes);
        const file = await hash(path);
        const changed = Buffer.from(bytes);
        changed[9_000_000] = (changed[9_000_000] ?? 0) ^ 1;
        await writeFile(path, changed);
        const key = freshKey();
        await expect(store.create(key, file)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
        await writeFile(path, bytes.subarray(0, 8_000_000));
        await expect(store.create(key, file)).rejects.toMatchObject({ code: 'STORE.CORRUPT' });
        expect(await direct.stat(key)).toBeUndefined();
        await writeFile(path, bytes);
        expect(await store.create(key, file)).toBe('created');
        expect(sha256Hex(await direct.read(key))).toBe(sha256Hex(bytes));
      }
      await rm(path);
      expect(await openUploads(server)).toEqual([]);
    });

    test('loses to an object that came first, also when that answer is lost', async () => {
      for (const rule of [[], [{ fault: 'apply-then-drop' as const, ...complete }]]) {
        const key = freshKey();
        await direct.create(key, body);
        proxy.rules(...rule);
        expect(await store.create(key, large)).toBe('exists');
        expect(await openUploads(server)).toEqual([]);
        expect((await direct.read(key)).equals(body)).toBe(true);
      }
    });

    test('leaves neither object nor open upload when a part never gets through', async () => {
      const key = freshKey();
      proxy.rules({ fault: 'unavailable', ...part, times: Infinity });
      await expect(store.create(key, large)).rejects.toMatchObject({ code: 'STORE.UNAVAILABLE' });
      expect(await direct.stat(key)).toBeUndefined();
      expect(await openUploads(server)).toEqual([]);
    });

    test('leaves neither object nor open upload when it is aborted', async () => {
      const key = freshKey();
      const controller = new AbortController();
      const reason = new Error('stop');
      proxy.rules({ fault: 'hang', ...part });
      const sending = store.create(key, large, { signal: controller.signal });
      await expect.poll(() => proxy.log.length).toBe(1);
      controller.abort(reason);
      await expect(sending).rejects.toBe(reason);
      expect(await direct.stat(key)).toBeUndefined();
      expect(await openUploads(server)).toEqual([]);
    });
  });

  test('abort, ends a call that hangs at once', async () => {
    const patient = testStore({ ...server, endpoint: proxy.endpoint });
    const key = freshKey();
    await direct.create(key, body);
    for (const fault of ['hang', 'stall'] as const) {
      proxy.rules({ fault, times: Infinity });
      const controller = new AbortController();
      const reading = patient.read(key, undefined, { signal: controller.signal });
      await expect.poll(() => proxy.log.length).toBe(1);
      const reason = new Error('stop');
      controller.abort(reason);
      await expect(reading).rejects.toBe(reason);
    }
    await patient.close();
  });
});
