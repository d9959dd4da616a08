import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { Client } from 'minio';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ingest, type Ingested } from '../../activities/ingest.js';
import { defineModel } from '../../src/define-model.js';
import { startMinio, type S3Server } from '../../src/dev/minio.js';
import { startPostgres, type PostgresServer } from '../../src/dev/postgres.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { Snapshot, SnapshotPart, SourceChanges } from '../../src/domain/data.js';
import { DataUnreadableError, SourceRefusedError } from '../../src/errors.js';
import { openSource, type SourceContext } from '../../src/sources/index.js';
import type { Source } from '../../src/sources/source.js';
import type { ModelSpecInput, SourceSpec } from '../../src/spec.js';
import { putManifest, readManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { startServer, WebFiles, type TestServer } from '../support/file-server.js';
import { toyDay, toySpec } from '../support/toy-data.js';

let bench: Workbench;
let minio: S3Server;
let bucket: Client;
let postgres: PostgresServer;
let database: pg.Client;
let server: TestServer;
const web = new WebFiles();
beforeAll(async () => {
  bench = await workbench();
  [minio, postgres, server] = await Promise.all([startMinio(), startPostgres(), startServer(web.serve)]);
  const { hostname: endPoint, port } = new URL(minio.endpoint);
  const { accessKey, secretKey } = minio;
  bucket = new Client({ endPoint, port: Number(port), useSSL: false, accessKey, secretKey, region: 'us-east-1' });
  await bucket.makeBucket('shop');
  database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  await database.query('CREATE TABLE orders (id serial, at timestamptz, note text)');
});
afterAll(async () => {
  await database?.end();
  await Promise.all([minio?.stop(), postgres?.stop(), server?.stop()]);
  await bench.close();
});

/** A store and a scratch folder of their own, and the activity as a worker calls it. */
async function place(context: SourceContext = {}, wrap: (source: Source) => Source = (source) => source) {
  const store = new FolderStore(bench.path('store'));
  const scratchFolder = bench.path('scratch');
  const data = bench.path('data');
  await mkdir(data);
  const deps = { store, scratchFolder, openSource: (spec: SourceSpec) => wrap(openSource(spec, context)) };
  const run = async (changes: Partial<ModelSpecInput> = {}, previous?: Ref): Promise<Ingested> => {
    const spec = await putManifest(store, 'spec', { spec: defineModel(toySpec('toy', data, changes)) });
    const input = { model: 'toy', run: 1, spec, ...(previous && { previous }) };
    return await asActivity(() => ingest(deps, input, new AbortController().signal));
  };
  const partsOf = async ({ snapshot }: Ingested) => (await readManifest<Snapshot>(store, snapshot)).parts;
  const changesOf = async ({ changes }: Ingested) => (await readManifest<SourceChanges>(store, changes)).sources;
  const addDay = (day: string, seed = 1) => writeFile(join(data, `${day}.csv`), toyDay(day, { rows: 10, seed }));
  return { store, scratchFolder, data, run, partsOf, changesOf, addDay };
}

/** What an activity may ask of the worker: here only how it is called. */
async function asActivity<T>(work: () => Promise<T>): Promise<T> {
  const info = { activityType: 'perennial.ingest', attempt: 1 };
  return await asyncLocalStorage.run({ info } as Context, work);
}

describe('ingest', () => {
  it('tells new, changed and removed files apart, reads what it must, and says so', async () => {
    const { run, partsOf, changesOf, addDay, data } = await place();
    for (const day of ['2026-01-02', '2026-01-03', '2026-01-04']) await addDay(day);
    const first = await run();
    expect(first).toMatchObject({
      rows: 30,
      newRows: 30,
      message: '3 files new, with 30 rows; 0 known already; 30 rows in all',
    });
    await addDay('2026-01-01');
    await addDay('2026-01-03', 2);
    await rm(join(data, '2026-01-04.csv'));
    const second = await run({}, first.snapshot);
    expect(second.message).toBe('1 files new, 1 changed, with 20 rows; 1 known already, 1 gone; 30 rows in all');
    expect(await changesOf(second)).toEqual({
      visits: { added: ['2026-01-01.csv'], changed: ['2026-01-03.csv'], gone: ['2026-01-04.csv'] },
    });
    expect((await partsOf(second)).map(({ object }) => object.id)).toEqual([
      '2026-01-01.csv',
      '2026-01-02.csv',
      '2026-01-03.csv',
    ]);
  });

  it('gives the same snapshot when nothing has changed, and keeps what the check has added to its parts', async () => {
    const { run, partsOf, changesOf, addDay, store } = await place();
    await addDay('2026-01-01');
    const first = await run();
    const again = await run({}, first.snapshot);
    expect(again.snapshot).toEqual(first.snapshot);
    expect(again.newRows).toBe(0);
    expect(await changesOf(again)).toEqual({ visits: { added: [], changed: [], gone: [] } });
    const checked = (await partsOf(first)).map((part) => ({ ...part, rows: 9, profile: first.snapshot }));
    const snapshot: Snapshot = { ...(await readManifest<Snapshot>(store, first.snapshot)), parts: checked, rows: 9 };
    const kept = await putManifest(store, 'snapshot', snapshot);
    expect((await run({}, kept)).snapshot).toEqual(kept);
  });

  it('reads again under another contract, and says that the files are the same', async () => {
    const { run, partsOf, changesOf, addDay } = await place();
    await addDay('2026-01-01');
    const first = await run();
    const rules = { visits: { columns: { visits: { type: 'number' } } } } as const;
    const second = await run({ contract: rules }, first.snapshot);
    expect(second.message).toMatch(/^0 files new, 1 read again, with 10 rows/);
    expect(await changesOf(second)).toMatchObject({ visits: { changed: [], reread: ['2026-01-01.csv'] } });
    const typeOf = (parts: readonly SnapshotPart[]) => parts[0]?.columns.find(({ name }) => name === 'visits')?.type;
    expect([typeOf(await partsOf(first)), typeOf(await partsOf(second))]).toEqual(['integer', 'number']);
  });

  it('takes four kinds of source in one spec, each as a table of its own', async () => {
    const { run, partsOf, changesOf } = await place({
      env: {
        PERENNIAL_HTTP_ALLOW: '127.0.0.1',
        SHOP_DB: postgres.url,
        PERENNIAL_S3_ENDPOINT: minio.endpoint,
        PERENNIAL_S3_ACCESS_KEY: minio.accessKey,
        PERENNIAL_S3_SECRET_KEY: minio.secretKey,
      },
    });
    const { data, addDay } = await place();
    const csv = (text: string) => Buffer.from(`a,b\n${text}\n`);
    const sources = {
      visits: { kind: 'file', path: data },
      events: { kind: 's3', bucket: 'shop', prefix: 'events/', eventTime: { key: 'dt={yyyy}-{MM}-{dd}/' } },
      rates: { kind: 'http', urls: [`${server.origin}/rates.csv`] },
      orders: {
        kind: 'postgres',
        connection: 'SHOP_DB',
        query: 'SELECT * FROM orders',
        cursor: 'id',
        eventTime: { column: 'at' },
      },
    } satisfies ModelSpecInput['sources'];
    await addDay('2026-01-01');
    await bucket.putObject('shop', 'events/dt=2026-01-02/x.csv', csv('1,x'));
    web.bodies.set('/rates.csv', csv('1,2'));
    await database.query(`INSERT INTO orders (at, note) VALUES ('2026-01-01', ''), ('2026-01-02 12:00', NULL)`);
    const changes = { sources, contract: {}, prepare: 'features.sql' };
    const first = await run(changes);
    const parts = await partsOf(first);
    expect(parts.map(({ source, rows, from, to }) => [source, rows, from, to])).toEqual([
      ['events', 1, '2026-01-02T00:00:00.000Z', '2026-01-02T23:59:59.999Z'],
      ['orders', 2, '2026-01-01T00:00:00.000Z', '2026-01-02T12:00:00.000Z'],
      ['rates', 1, undefined, undefined],
      ['visits', 10, expect.stringMatching(/^2026-01-01T/), expect.stringMatching(/^2026-01-01T/)],
    ]);
    expect(parts.find(({ source }) => source === 'orders')?.columns).toEqual([
      { name: 'id', type: 'integer' },
      { name: 'at', type: 'timestamp' },
      { name: 'note', type: 'string' },
    ]);
    expect((await run(changes, first.snapshot)).snapshot).toEqual(first.snapshot);

    await bucket.putObject('shop', 'events/dt=2026-01-01/late.csv', csv('0,w'));
    web.bodies.set('/rates.csv', csv('1,3'));
    await database.query(`INSERT INTO orders (at, note) VALUES ('2026-01-03', 'x')`);
    const second = await run(changes, first.snapshot);
    expect(await changesOf(second)).toEqual({
      events: { added: ['events/dt=2026-01-01/late.csv'], changed: [], gone: [] },
      orders: { added: ['rows after 2 to 3'], changed: [], gone: [] },
      rates: { added: [], changed: [`${server.origin}/rates.csv`], gone: [] },
      visits: { added: [], changed: [], gone: [] },
    });
    expect(second).toMatchObject({ rows: 16, newRows: 3 });
  });

  it('holds one object at a time in its scratch folder, and nothing at the end', async () => {
    const held: string[][] = [];
    let scratch = '';
    const watching = (source: Source): Source => ({
      name: source.name,
      list: (options) => source.list(options),
      fetch: async (object, file, options) => {
        const attempts = await readdir(scratch);
        for (const each of attempts) held.push(await readdir(join(scratch, each)));
        if (object.id === 'broken.csv') throw new Error('broken');
        return await source.fetch(object, file, options);
      },
    });
    const { run, addDay, scratchFolder, data } = await place({}, watching);
    scratch = scratchFolder;
    for (let day = 1; day <= 9; day++) await addDay(`2026-01-0${day}`);
    await run();
    expect(held).toHaveLength(9);
    expect(held.every((objects) => objects.length === 1)).toBe(true);
    expect(await readdir(scratch)).toEqual([]);
    await writeFile(join(data, 'broken.csv'), 'a\n1\n');
    await expect(run()).rejects.toThrow('broken');
    expect(await readdir(scratch)).toEqual([]);
  });

  it('refuses a source that lists an object twice: its rows would be taken twice', async () => {
    const twice = (source: Source): Source => ({
      name: 'a source of somebody else',
      list: async (options) => (await source.list(options)).flatMap((object) => [object, { ...object, version: '2' }]),
      fetch: async (...call) => source.fetch(...call),
    });
    const { run, addDay } = await place({}, twice);
    await addDay('2026-01-01');
    await expect(run()).rejects.toThrow(SourceRefusedError);
    await expect(run()).rejects.toThrow(/a source of somebody else.*"2026-01-01.csv" more than once/);
  });

  it('names the column or the pattern of an event time that is not there', async () => {
    const { run, addDay, data } = await place();
    await addDay('2026-01-01');
    const visits = { kind: 'file', path: data } as const;
    for (const [eventTime, why] of [
      [{ column: 'paid' }, /event time of "2026-01-01.csv" from column "paid": found the columns visited, channel/],
      [{ column: 'price' }, /"price": it is number/],
      [{ key: 'dt={yyyy}-{MM}-{dd}/' }, /"dt=\{yyyy\}-\{MM\}-\{dd\}\/" in the name "2026-01-01.csv"/],
    ] as const) {
      const reading = run({ sources: { visits: { ...visits, eventTime } } });
      await expect(reading).rejects.toThrow(DataUnreadableError);
      await expect(reading).rejects.toThrow(why);
    }
  });
});
