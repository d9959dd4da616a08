import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMinio, type S3Server } from '../../../src/dev/minio.js';
import { startRclone } from '../../../src/dev/rclone.js';
import { startVersitygw } from '../../../src/dev/versitygw.js';
import { MinioStore } from '../../../src/stores/minio-store.js';
import { testStore } from '../../support/s3-subject.js';

describe('MinIO', () => {
  let server: S3Server;
  let store: MinioStore;
  beforeAll(async () => {
    server = await startMinio();
    store = testStore(server);
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  test('bucket that is missing, is named with what to do, and made by a probe', async () => {
    const missing = { code: 'STORE.REFUSED', fix: expect.stringContaining('bucket') };
    await expect(store.create('a/b', Buffer.from('x'))).rejects.toMatchObject(missing);
    await expect(store.read('a/b')).rejects.toMatchObject(missing);
    await expect(store.stat('a/b')).rejects.toMatchObject(missing);
    await expect(store.list('a/')[Symbol.asyncIterator]().next()).rejects.toMatchObject(missing);
    await store.probe();
    await Promise.all([store.ensureBucket(), store.ensureBucket()]);
    expect(await store.stat('a/b')).toBeUndefined();
  });

  test('credentials that are wrong, are refused at once, and are not in the message', async () => {
    for (const wrong of [{ accessKey: 'nobody' }, { secretKey: 'wrong-secret-of-mine' }]) {
      const other = testStore({ ...server, ...wrong }, { retry: { attempts: 50, baseMs: 1000 } });
      const error: unknown = await other.read('a/b').catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'STORE.REFUSED',
        fix: expect.stringContaining('PERENNIAL_S3_SECRET_KEY'),
      });
      const shown = `${String(error)} ${JSON.stringify(error)} ${other.name}`;
      for (const secret of [server.secretKey, server.accessKey, 'wrong-secret-of-mine']) {
        expect(shown).not.toContain(secret);
      }
      await other.close();
    }
  });

  test('8 writers racing for each of 1,000 keys, are 1,000 winners', { timeout: 120_000 }, async () => {
    const writers = Array.from({ length: 8 }, () => testStore(server));
    await store.ensureBucket();
    let next = 0;
    const wins: number[] = Array<number>(writers.length).fill(0);
    const lane = async (): Promise<void> => {
      for (let race = next++; race < 1000; race = next++) {
        const key = `races/${race}`;
        const outcomes = await Promise.all(
          writers.map((writer, index) => writer.create(key, Buffer.from(`writer ${index}`))),
        );
        const winner = outcomes.indexOf('created');
        expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
        expect((await store.read(key)).toString()).toBe(`writer ${winner}`);
        wins[winner] = (wins[winner] ?? 0) + 1;
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    expect(wins.reduce((sum, won) => sum + won)).toBe(1000);
    // A race that always the same writer wins would be no race.
    expect(wins.filter((won) => won > 0).length).toBeGreaterThan(1);
    await Promise.all(writers.map((writer) => writer.close()));
  });
});

test('server that ignores conditions, is refused by the probe with the promise that it breaks', async () => {
  const server = await startRclone();
  const store = testStore(server);
  try {
    await expect(store.probe()).rejects.toMatchObject({
      code: 'STORE.REFUSED',
      message: expect.stringContaining('create-if-absent'),
    });
  } finally {
    await store.close();
    await server.stop();
  }
});

test('server that ended, is an error that is worth another try later', async () => {
  const server = await startVersitygw();
  const store = testStore(server, { retry: { attempts: 3, baseMs: 1, capMs: 5 } });
  await store.probe();
  await server.stop();
  await expect(store.stat('a/b')).rejects.toMatchObject({ code: 'STORE.UNAVAILABLE', next: 'retry' });
  await store.close();
});

test('address where nobody answers, is given up in bounded time with a typed error', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is an object; a text would be a Unix socket's.
  const { port } = silent.address() as AddressInfo;
  const limits = { connectMs: 300, idleMs: 200, wholeMs: 1000 };
  const retry = { attempts: 2, baseMs: 1, capMs: 5 };
  const server = { endpoint: `http://127.0.0.1:${port}`, accessKey: 'some-key', secretKey: 'some-secret' };
  const store = testStore(server, { limits, retry });
  await expect(store.read('a/b')).rejects.toMatchObject({
    code: 'STORE.UNAVAILABLE',
    message: expect.stringContaining('nothing moved for 200 ms'),
  });
  await store.close();
  silent.close();
});

test('server that speaks something else, is a typed error', async () => {
  const echo = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  // As above.
  const { port } = echo.address() as AddressInfo;
  const server = { endpoint: `http://127.0.0.1:${port}`, accessKey: 'some-key', secretKey: 'some-secret' };
  const store = testStore(server, { retry: { attempts: 2, baseMs: 1, capMs: 5 } });
  await expect(store.read('a/b')).rejects.toMatchObject({ code: expect.stringMatching(/^STORE\./) });
  await store.close();
  const secure = testStore({ ...server, endpoint: `https://127.0.0.1:${port}` }, { retry: { attempts: 2, baseMs: 1 } });
  await expect(secure.read('a/b')).rejects.toMatchObject({ code: expect.stringMatching(/^STORE\./) });
  await secure.close();
  echo.close();
});

test.each([
  ['ftp://127.0.0.1:9000', 'perennial'],
  ['127.0.0.1:9000', 'perennial'],
  ['http://me:secret-word@127.0.0.1:9000', 'perennial'],
  ['http://127.0.0.1:9000/perennial', 'perennial'],
  ['http://127.0.0.1:9000', 'No_Bucket'],
  ['http://127.0.0.1:9000', ''],
])('endpoint %s with bucket "%s", is refused before anything is sent', (endpoint, bucket) => {
  const open = (): MinioStore => new MinioStore({ endpoint, bucket, accessKey: 'a', secretKey: 'b' });
  expect(open).toThrow(expect.objectContaining({ code: 'STORE.REFUSED' }));
  expect(open).not.toThrow('secret-word');
});
