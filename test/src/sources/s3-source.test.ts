import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMinio } from '../../../src/dev/minio.js';
import { SourceRefusedError, SourceUnavailableError } from '../../../src/errors.js';
import { openSource } from '../../../src/sources/index.js';
import { S3Source } from '../../../src/sources/s3-source.js';
import { folderSourceContract } from '../../contracts/source.js';

let minio: Awaited<ReturnType<typeof startMinio>>;
let client: Client;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-s3-'));
  minio = await startMinio();
  const { hostname, port } = new URL(minio.endpoint);
  const { accessKey, secretKey } = minio;
  client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: 'us-east-1',
  });
});
afterAll(async () => {
  await minio?.stop();
  await rm(folder, { recursive: true, force: true });
});

function address() {
  const { endpoint, accessKey, secretKey } = minio;
  return { endpoint, accessKey, secretKey, region: 'us-east-1' };
}

let buckets = 0;
async function newBucket(): Promise<string> {
  const bucket = `inbox-${(buckets += 1)}`;
  await client.makeBucket(bucket);
  return bucket;
}

folderSourceContract('S3Source', {
  id: (name) => `data & more/${name}`,
  place: async () => {
    const bucket = await newBucket();
    await client.putObject(bucket, 'elsewhere/x.csv', Buffer.from('not in the prefix'));
    return {
      source: new S3Source({ bucket, prefix: 'data & more/', address: address() }),
      put: async (id, bytes) => {
        await client.putObject(bucket, id, bytes);
      },
      remove: async (id) => client.removeObject(bucket, id),
    };
  },
  missing: async () => new S3Source({ bucket: 'nowhere', address: address() }),
});

describe('S3Source', () => {
  const object = { id: 'a.csv', version: '"1"', bytes: 1000 };

  it('refuses wrong credentials, names no secret, and says what to check', async () => {
    const bucket = await newBucket();
    const wrong = { ...address(), secretKey: 'not-the-secret' };
    const error = await new S3Source({ bucket, address: wrong }).list().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SourceRefusedError);
    expect(String(error)).toMatch(/SignatureDoesNotMatch/);
    expect(JSON.stringify(error) + String(error)).not.toContain('not-the-secret');
    expect((error as SourceRefusedError).fix).toMatch(/PERENNIAL_S3_SECRET_KEY/);
  });

  it('can be tried again when the server is not there', async () => {
    const nobody = { ...address(), endpoint: 'http://127.0.0.1:9' };
    await expect(new S3Source({ bucket: 'inbox', address: nobody }).list()).rejects.toThrow(SourceUnavailableError);
  });

  it('gives up on a server that says nothing', async () => {
    await withServer(
      () => undefined,
      async (endpoint) => {
        const source = new S3Source({ bucket: 'inbox', address: { ...address(), endpoint }, limits: { idleMs: 200 } });
        await expect(source.list()).rejects.toThrow(/nothing moved for 200 ms/);
      },
    );
  });

  it('gives up on a body that stops half-way, and leaves no file', async () => {
    const half: RequestListener = (_, answer) => {
      answer.writeHead(200, { 'content-length': '1000' });
      answer.write(Buffer.alloc(500));
    };
    await withServer(half, async (endpoint) => {
      const source = new S3Source({ bucket: 'inbox', address: { ...address(), endpoint }, limits: { idleMs: 200 } });
      await expect(source.fetch(object, join(folder, 'half'))).rejects.toThrow(SourceUnavailableError);
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes a body that is cut off, or of another size than listed, for none', async () => {
    const bodies = [
      (answer: Parameters<RequestListener>[1]) => answer.end(Buffer.alloc(999)),
      (answer: Parameters<RequestListener>[1]) => {
        answer.writeHead(200, { 'content-length': '1000' });
        answer.write(Buffer.alloc(999), () => answer.destroy());
      },
    ];
    for (const body of bodies) {
      await withServer(
        (_, answer) => body(answer),
        async (endpoint) => {
          const source = new S3Source({ bucket: 'inbox', address: { ...address(), endpoint } });
          await expect(source.fetch(object, join(folder, 'cut'))).rejects.toThrow(SourceUnavailableError);
        },
      );
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes neither a cut listing nor a page of a proxy for a listing', async () => {
    const noNext = '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>';
    for (const page of [noNext, '<ListBucketResult><IsTruncated>false</IsTruncated>', '<html>Welcome</html>', '']) {
      await withServer(
        (_, answer) => answer.end(page),
        async (endpoint) => {
          const source = new S3Source({ bucket: 'inbox', address: { ...address(), endpoint } });
          await expect(source.list(), page).rejects.toThrow(/no whole listing/);
        },
      );
    }
  });

  it('can be tried again when the server is busy', async () => {
    await withServer(
      (_, answer) => answer.writeHead(503).end('<Error><Code>SlowDown</Code></Error>'),
      async (endpoint) => {
        const source = new S3Source({ bucket: 'inbox', address: { ...address(), endpoint } });
        await expect(source.list()).rejects.toThrow(/503 SlowDown/);
        await expect(source.list()).rejects.toThrow(SourceUnavailableError);
      },
    );
  });

  it('takes its address from the environment, and says what is missing', async () => {
    const spec = { kind: 's3', bucket: await newBucket(), prefix: '' } as const;
    const { endpoint, accessKey, secretKey } = minio;
    const keys = { PERENNIAL_S3_ACCESS_KEY: accessKey, PERENNIAL_S3_SECRET_KEY: secretKey };
    for (const env of [
      { ...keys, PERENNIAL_S3_ENDPOINT: endpoint },
      { ...keys, PERENNIAL_STORE: `${endpoint}/perennial` },
      { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, PERENNIAL_S3_ENDPOINT: endpoint },
    ]) {
      expect(await openSource(spec, { env }).list()).toEqual([]);
    }
    expect(() => openSource(spec, { env: keys })).toThrow(/PERENNIAL_S3_ENDPOINT is not set/);
    expect(() => openSource(spec, { env: { PERENNIAL_S3_ENDPOINT: endpoint } })).toThrow(/no credentials/);
    const secret = { ...keys, PERENNIAL_S3_ENDPOINT: 'http://me:hidden@host' };
    expect(() => openSource(spec, { env: secret })).toThrow(/^(?!.*hidden).*want http/);
  });
});

async function withServer(listener: RequestListener, test: (endpoint: string) => Promise<void>): Promise<void> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await test(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
