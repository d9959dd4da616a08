import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { Client } from 'minio';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sweepScratch } from '../../activities/scratch.js';
import { defineModel } from '../../src/define-model.js';
import { startPostgres, type PostgresServer } from '../../src/dev/postgres.js';
import type { Snapshot, SourceChanges } from '../../src/domain/data.js';
import { quoteText } from '../../src/data/sql-text.js';
import { Random } from '../../src/statistics/random.js';
import { putManifest, readManifest } from '../../src/stores/blobs.js';
import { enough, ingestUntilTold } from '../fixtures/ingest-until-told.js';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { startServer, WebFiles, type TestServer } from '../support/file-server.js';
import { toySpec } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

const KILLS = 4;
const QUEUE = 'kill-ingest';
const SOURCES = ['files', 'events', 'rates', 'orders'] as const;

let world: World;
let postgres: PostgresServer;
let database: pg.Client;
let bucket: Client;
let server: TestServer;
let bench: Workbench;
const web = new WebFiles();
beforeAll(async () => {
  [world, postgres, server, bench] = await Promise.all([
    startWorld({ worker: false }),
    startPostgres(),
    startServer(web.serve),
    workbench(),
  ]);
  database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  const { endpoint, accessKey, secretKey } = world.minio;
  const { hostname: endPoint, port } = new URL(endpoint);
  bucket = new Client({ endPoint, port: Number(port), useSSL: false, accessKey, secretKey, region: 'us-east-1' });
});
afterAll(async () => {
  await database?.end();
  await Promise.all([postgres?.stop(), server?.stop(), bench?.close()]);
  await world?.stop();
});

it('kill -9 of the worker at random moments while files come late: every row is there, and each once', async () => {
  const seed = Date.now() % 1_000_000;
  const random = new Random(seed);
  const shop = await openShop();
  const { spec, workFolder, bundle } = shop;
  const workflow = await world.temporal.client.workflow.start(ingestUntilTold, {
    taskQueue: QUEUE,
    workflowId: 'kill-ingest',
    args: [spec],
  });

  for (let kill = 0; kill <= KILLS; kill++) {
    const worker = await startWorker(bundle, workFolder);
    // It may finish none, one or two ingests, and is killed some time into the next. The last one is left alone.
    const finished = (await ingests()) + (kill % 3);
    let left = random.uniform() * 600;
    while (left > 0) {
      await shop.arrive(random);
      const pause = random.uniform() * 200;
      await sleep(pause);
      if ((await ingests()) >= finished) left -= pause;
    }
    if (kill < KILLS) await worker.end('SIGKILL');
    else {
      await workflow.signal(enough);
      await workflow.result();
      await worker.end('SIGTERM');
    }
  }

  const { snapshots, changes } = await workflow.result();
  const last = await readManifest<Snapshot>(world.store, snapshots.at(-1)!);
  for (const source of SOURCES) {
    const rows = await keysOf(last, source);
    expect(rows, `${source}, seed ${seed}`).toEqual([...shop.keys[source]].toSorted());
  }
  // Of files that stay as they are, none is taken by two runs.
  for (const source of ['files', 'events'] as const) {
    const taken: string[] = [];
    for (const each of changes)
      taken.push(...(await readManifest<SourceChanges>(world.store, each)).sources[source]!.added);
    expect(new Set(taken).size, `${source}, seed ${seed}`).toBe(taken.length);
  }
  // Files came after others that were known already.
  expect(new Set(snapshots.map(({ sha256 }) => sha256)).size, `seed ${seed}`).toBeGreaterThan(3);
  const attempts = await attemptsOf(workflow);
  expect(attempts, `seed ${seed}`).toBeGreaterThan(1);
  const scratch = join(workFolder, 'scratch');
  await sweepScratch(scratch);
  expect(await readdir(scratch)).toEqual([]);
}, 120_000);

/** How many ingests that found something are through. */
async function ingests(): Promise<number> {
  let count = 0;
  for await (const { key } of world.store.list('manifests/changes/')) count += key === '' ? 0 : 1;
  return count;
}

/** Four sources into which rows come, each row with a key of its own. */
async function openShop() {
  const folder = join(world.folder, 'shop');
  const workFolder = join(world.folder, 'kill-work');
  await mkdir(folder);
  await bucket.makeBucket('shop');
  await database.query('CREATE TABLE orders (k text, at timestamptz)');
  const urls = [0, 1, 2].map((each) => `${server.origin}/rates-${each}.csv`);
  const keys = {
    files: new Set<string>(),
    events: new Set<string>(),
    rates: new Set<string>(),
    orders: new Set<string>(),
  };
  let count = 0;
  const newKeys = (source: (typeof SOURCES)[number], rows: number) => {
    const made = Array.from({ length: rows }, () => `${source}-${(count += 1)}`);
    for (const key of made) keys[source].add(key);
    return made;
  };
  const csv = (rows: readonly string[]) => Buffer.from(`k,n\n${rows.map((key) => `${key},1\n`).join('')}`);
  const rates = urls.map((_, index) => new Set(newKeys('rates', index + 1)));
  const publish = (index: number) => web.bodies.set(`/rates-${index}.csv`, csv([...(rates[index] ?? [])]));
  const arrivals = {
    // Names in no order: most are late, beside those that are known.
    files: async (random: Random) =>
      writeFile(join(folder, `${Math.floor(random.uniform() * 1e9)}-${count}.csv`), csv(newKeys('files', 20))),
    events: async (random: Random) => {
      const day = String(1 + Math.floor(random.uniform() * 28)).padStart(2, '0');
      await bucket.putObject('shop', `events/dt=2026-01-${day}/${count}.csv`, csv(newKeys('events', 20)));
    },
    // A file that is written again, with what it had and more.
    rates: async (random: Random) => {
      const index = Math.floor(random.uniform() * urls.length);
      for (const key of newKeys('rates', 3)) rates[index]?.add(key);
      publish(index);
    },
    // Committed late: with a time before that of rows that were taken.
    orders: async (random: Random) => {
      const late = Math.floor(random.uniform() * 300);
      await database.query(
        `INSERT INTO orders SELECT k, clock_timestamp() - $2 * interval '1 ms' FROM unnest($1::text[]) AS k`,
        [newKeys('orders', 5), late],
      );
    },
  };
  for (const index of urls.keys()) publish(index);
  const random = new Random(1);
  for (const each of SOURCES) for (let times = 0; times < 3; times++) await arrivals[each](random);
  const sources = {
    files: { kind: 'file', path: folder },
    events: { kind: 's3', bucket: 'shop', prefix: 'events/', eventTime: { key: 'dt={yyyy}-{MM}-{dd}/' } },
    rates: { kind: 'http', urls },
    orders: { kind: 'postgres', connection: 'SHOP_DB', query: 'SELECT * FROM orders', cursor: 'at' },
  } as const;
  const model = defineModel(toySpec('shop', folder, { sources, contract: {}, prepare: 'features.sql' }));
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../fixtures/ingest-until-told.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const bundle = join(world.folder, 'ingest-until-told.js');
  await writeFile(bundle, code);
  return {
    keys,
    workFolder,
    bundle,
    spec: await putManifest(world.store, 'spec', { spec: model }),
    arrive: async (with_: Random) => arrivals[SOURCES[Math.floor(with_.uniform() * 4)] ?? 'files'](with_),
  };
}

async function startWorker(bundle: string, workFolder: string) {
  const program = fileURLToPath(new URL('../fixtures/ingest-worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, QUEUE, bundle, workFolder], {
    env: { ...process.env, ...world.environment, PERENNIAL_HTTP_ALLOW: '127.0.0.1', SHOP_DB: postgres.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), gone.then(() => Promise.reject(new Error('The worker ended')))]);
  return {
    end: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await gone;
    },
  };
}

/** The keys of all rows that a snapshot has of a source, sorted, repeated where a row is there twice. */
async function keysOf(snapshot: Snapshot, source: string): Promise<string[]> {
  const files: string[] = [];
  for (const { ref } of snapshot.parts.filter((part) => part.source === source)) {
    const file = bench.path('part.parquet');
    await writeFile(file, await world.store.read(ref.key, ref));
    files.push(quoteText(file));
  }
  const rows = await bench.query(`SELECT k FROM read_parquet([${files.join(', ')}])`);
  return rows.map(([key]) => String(key)).toSorted();
}

async function attemptsOf(workflow: { fetchHistory(): Promise<{ events?: unknown }> }): Promise<number> {
  const { events } = (await workflow.fetchHistory()) as {
    events: { activityTaskStartedEventAttributes?: { attempt?: number } | null }[];
  };
  return Math.max(...events.map(({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? 0));
}
