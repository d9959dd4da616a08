import { execFile } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { Client } from 'minio';
import { startMinio, type S3Server } from '../src/dev/minio.js';
import type { Ref } from '../src/domain/artifact.js';
import { putBlob } from '../src/stores/blobs.js';
import { MinioStore } from '../src/stores/minio-store.js';
import { drained } from '../src/stores/s3-connection.js';
import { median } from './median.js';
import type { BenchRow } from './row.js';

const MEBIBYTE = 1024 * 1024;
const RAW = 'raw';

export interface StoreBenchOptions {
  /** Size of the one large object, in MiB. Default 1024. */
  readonly largeMiB?: number;
  /** How many small objects of 16 KiB. Default 10,000. */
  readonly objects?: number;
  /** Rounds, ours and theirs in turn; of each round's own ratio the median is taken. Default 5. */
  readonly rounds?: number;
}

/**
 * The store against the plainest way to the same MinIO: a file by an unsigned stream, small objects by the client's own
 * signed request. Ours also hashes before it sends, writes only if the key is free, and verifies what it reads.
 */
export async function benchStore(options: StoreBenchOptions = {}): Promise<BenchRow[]> {
  const { largeMiB = 1024, objects = 10_000, rounds = 5 } = options;
  const server = await startMinio();
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-'));
  const store = new MinioStore({ ...server, bucket: 'perennial' });
  try {
    await store.probe();
    const client = await rawClient(server);
    const large = await largeRows(store, server, folder, largeMiB, rounds);
    return [...large, ...(await smallRows(store, client, objects, rounds))];
  } finally {
    await store.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function largeRows(
  store: MinioStore,
  server: S3Server,
  folder: string,
  largeMiB: number,
  rounds: number,
): Promise<BenchRow[]> {
  const [file, copy] = [join(folder, 'large'), join(folder, 'copy')];
  await writeRandom(file, largeMiB);
  const times = { put: [] as number[], rawPut: [] as number[], get: [] as number[], rawGet: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const refs: Ref[] = [];
    await inTurn(round, [
      async () => times.rawPut.push(await seconds(() => rawPut(server, file, largeMiB * MEBIBYTE))),
      async () => times.put.push(await seconds(async () => refs.push(await putBlob(store, { path: file })))),
    ]);
    const [ref] = refs;
    if (!ref) throw new Error('nothing was stored');
    await inTurn(round, [
      async () => times.rawGet.push(await seconds(() => rawGet(server, copy))),
      async () => times.get.push(await seconds(() => store.download(ref, `${copy}-2`))),
    ]);
    await rm(copy);
    await rm(`${copy}-2`);
    await store.remove(ref.key);
  }
  const unit = { amount: largeMiB, name: 'MiB/s' };
  const note = 'against an unsigned raw stream';
  return [
    row(`store: put ${largeMiB} MiB`, 0.8, times.put, times.rawPut, unit, `${note}; ours hashes first`),
    row(`store: get ${largeMiB} MiB to a file`, 0.7, times.get, times.rawGet, unit, `${note}; ours verifies`),
  ];
}

async function smallRows(store: MinioStore, client: Client, objects: number, rounds: number): Promise<BenchRow[]> {
  const times = { put: [] as number[], rawPut: [] as number[], get: [] as number[], rawGet: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const bodies = Array.from({ length: objects }, () => randomFillSync(Buffer.alloc(16 * 1024)));
    const keys = bodies.map((_, index) => `${round}/${index}`);
    const raw = async (method: 'PUT' | 'GET', index: number): Promise<void> => {
      const options = { method, bucketName: RAW, objectName: keys[index] as string, headers: {} };
      await drained(await client.makeRequestAsync(options, method === 'PUT' ? bodies[index] : ''));
    };
    const refs: Ref[] = [];
    times.rawPut.push(await seconds(() => inFlight(objects, (index) => raw('PUT', index))));
    times.put.push(
      await seconds(() =>
        inFlight(objects, async (index) => {
          refs[index] = await putBlob(store, bodies[index] as Buffer);
        }),
      ),
    );
    times.rawGet.push(await seconds(() => inFlight(objects, (index) => raw('GET', index))));
    times.get.push(
      await seconds(() =>
        inFlight(objects, async (index) => {
          const ref = refs[index] as Ref;
          await store.read(ref.key, ref);
        }),
      ),
    );
  }
  const unit = { amount: objects, name: 'objects/s' };
  const note = 'against bare makeRequestAsync, 16 in flight';
  return [
    row(`store: put ${objects} x 16 KiB`, 0.8, times.put, times.rawPut, unit, note),
    row(`store: get ${objects} x 16 KiB`, 0.8, times.get, times.rawGet, unit, note),
  ];
}

/** A client on a bucket that everybody may read and write, so that requests need no signature. */
async function rawClient(server: S3Server): Promise<Client> {
  const { hostname, port } = new URL(server.endpoint);
  const { accessKey, secretKey } = server;
  const agent = new http.Agent({ keepAlive: true });
  const access = { accessKey, secretKey, region: 'us-east-1', transportAgent: agent };
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, ...access });
  await client.makeBucket(RAW);
  const everybody = { Effect: 'Allow', Principal: { AWS: ['*'] }, Resource: [`arn:aws:s3:::${RAW}/*`] };
  const statement = { ...everybody, Action: ['s3:GetObject', 's3:PutObject'] };
  await client.setBucketPolicy(RAW, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }));
  return client;
}

async function rawPut(server: S3Server, file: string, bytes: number): Promise<void> {
  const request = http.request(`${server.endpoint}/${RAW}/large`, {
    method: 'PUT',
    headers: { 'content-length': String(bytes) },
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  await pipeline(createReadStream(file, { highWaterMark: MEBIBYTE }), request);
  const answer = await answered;
  await drained(answer);
  if (answer.statusCode !== 200) throw new Error(`Cannot put the raw object: HTTP ${answer.statusCode}`);
}

async function rawGet(server: S3Server, file: string): Promise<void> {
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(`${server.endpoint}/${RAW}/large`, resolve).once('error', reject);
  });
  if (answer.statusCode !== 200) throw new Error(`Cannot get the raw object: HTTP ${answer.statusCode}`);
  await pipeline(answer, createWriteStream(file, { highWaterMark: MEBIBYTE }));
}

/** Who goes first changes from round to round, and nobody pays for bytes that the other left in the write cache. */
async function inTurn(round: number, ways: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
    await promisify(execFile)('sync');
    await way();
  }
}

async function inFlight(count: number, call: (index: number) => Promise<void>, lanes = 16): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await call(index);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function writeRandom(file: string, mebibytes: number): Promise<void> {
  const handle = await open(file, 'w');
  const piece = Buffer.alloc(MEBIBYTE);
  for (let written = 0; written < mebibytes; written += 1) await handle.write(randomFillSync(piece));
  await handle.close();
  // Warms the page cache for both sides alike.
  await pipeline(createReadStream(file), createHash('sha256'));
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Rounds are compared one by one: what else the machine does changes from one to the next. */
function row(
  name: string,
  aim: number,
  ours: readonly number[],
  theirs: readonly number[],
  unit: { amount: number; name: string },
  note: string,
): BenchRow {
  const ratio = median(ours.map((time, round) => (theirs[round] ?? time) / time));
  const speed = (times: readonly number[]): number => unit.amount / median(times);
  return { name, ratio, aim, better: 'higher', ours: speed(ours), theirs: speed(theirs), unit: unit.name, note };
}
