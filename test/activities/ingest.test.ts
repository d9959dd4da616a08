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
import { runKey, type Ref } from '../../src/domain/artifact.js';
import type { Snapshot, SnapshotPart, SourceChanges } from '../../src/domain/data.js';
import { DataUnreadableError, SourceRefusedError } from '../../src/errors.js';
import { openSource, type SourceContext } from '../../src/sources/index.js';
import type { Source } from '../../src/sources/source.js';
import type { ModelSpecInput, SourceSpec } from '../../src/spec/spec.js';
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
  const run = async (changes: Partial<ModelSpecInput> = {}, previous?: Ref, call: Call = {}): Promise<Ingested> => {
    const spec = await putManifest(store, 'spec', { spec: defineModel(toySpec('toy', data, changes)) });
    const input = { model: 'toy', run: 1, spec, ...(previous && { previous }) };
    return await asActivity(() => ingest(deps, input, new AbortController().signal), call);
  };
  const partsOf = async ({ snapshot }: Ingested) => (await readManifest<Snapshot>(store, snapshot)).parts;
  const changesOf = async ({ changes }: Ingested) => (await readManifest<SourceChanges>(store, changes)).sources;
  const addDay = (day: string, seed = 1) => writeFile(join(data, `${day}.csv`), toyDay(day, { rows: 10, seed }));
  return { store, scratchFolder, data, run, partsOf, changesOf, addDay };
}

interface Call {
  readonly attempt?: number;
  /** Temporal's id of the workflow run. */
  readonly runId?: string;
}

/** What an activity may ask of the worker: here only how it is called. */
async function asActivity<T>(work: () => Promise<T>, { attempt = 1, runId = 'one' }: Call): Promise<T> {
  const info = { activityType: 'perennial.ingest', attempt, workflowExecution: { workflowId: 'toy', runId } };
  return await asyncLocalStorage.run({ info } as Context, work);
}

/** Notes what is fetched; fetching an object of `broken` fails. */
function watched() {
  const fetched: string[] = [];
  const broken = new Set<string>();
  const wrap = (source: Source): Source => ({
    name: source.name,
    list: (options) => source.list(options),
    fetch: async (object, file, options) => {
      if (broken.has(object.id)) throw new Error('broken');
      fetched.push(object.id);
      return await source.fetch(object, file, options);
    },
  });
  return { wrap, broken, taken: () => fetched.splice(0) };
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

  it('goes on from the newest snapshot that is whole when the last one is damaged, and mends it', async () => {
    const { run, addDay, store } = await place();
    await addDay('2026-01-01');
    const first = await run();
    const record = { model: 'toy', run: 1, result: { snapshot: first.snapshot } };
    await store.create(runKey('toy', 1), Buffer.from(JSON.stringify(record)));
    await addDay('2026-01-02');
    const second = await run({}, first.snapshot);
    await store.replace(second.snapshot.key, Buffer.alloc(second.snapshot.bytes, 'x'));
    const third = await run({}, second.snapshot);
    expect(third.message).toMatch(/^1 files new.*; 1 known already.*damaged: went on from that of run 1$/);
    expect(third.snapshot).toEqual(second.snapshot);
    await store.check(second.snapshot);
    for (const { key } of [first.snapshot, second.snapshot]) await store.remove(key);
    const fourth = await run({}, second.snapshot);
    expect(fourth).toMatchObject({ snapshot: second.snapshot, newRows: 20 });
    expect(fourth.message).toMatch(/no older one is whole: read everything$/);
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

describe('ingest, after an attempt that failed', () => {
  const files = [1, 2, 3, 4].map((day) => `2026-01-0${day}.csv`);

  /** Four files, of which an attempt took two. */
  async function halfDone() {
    const { wrap, broken, taken } = watched();
    const here = await place({}, wrap);
    for (let day = 1; day <= 4; day++) await here.addDay(`2026-01-0${day}`, day);
    broken.add('2026-01-03.csv');
    await expect(here.run()).rejects.toThrow('broken');
    broken.clear();
    expect(taken()).toEqual(files.slice(0, 2));
    return { ...here, taken };
  }

  it('goes on with the third object, and gives the snapshot that one attempt gives', async () => {
    const { run, taken } = await halfDone();
    const second = await run({}, undefined, { attempt: 2 });
    expect(taken()).toEqual(files.slice(2));
    expect(second).toMatchObject({
      rows: 40,
      newRows: 40,
      message: expect.stringMatching(/^4 files new, with 40 rows/),
    });
    expect(await run({}, undefined, { attempt: 3 })).toEqual(second);
    expect(taken()).toEqual([]);
    expect(await run({}, undefined, { runId: 'two' })).toEqual(second);
    expect(taken()).toEqual(files);
  });

  it('takes nothing from another execution of the run, and looks for nothing in a first attempt', async () => {
    const { run, taken, store } = await halfDone();
    await run({}, undefined, { attempt: 2, runId: 'two' });
    expect(taken()).toEqual(files);
    store.list = () => {
      throw new Error('it looked');
    };
    await run();
    expect(taken()).toEqual(files);
  });

  it('reads again what changed meanwhile, at the source or in the spec', async () => {
    const { run, taken, addDay } = await halfDone();
    await addDay('2026-01-02', 9);
    await run({}, undefined, { attempt: 2 });
    expect(taken()).toEqual(files.slice(1));
    await run({ contract: { visits: { columns: { visits: { type: 'number' } } } } }, undefined, { attempt: 3 });
    expect(taken()).toEqual(files);
  });

  it('reads again what is damaged or lost in the store, and mends it', async () => {
    const { run, taken, store, partsOf } = await halfDone();
    const whole = await run({}, undefined, { runId: 'two' });
    taken();
    const [first, second] = await partsOf(whole);
    await store.replace(first!.ref.key, Buffer.alloc(first!.ref.bytes));
    await store.remove(second!.ref.key);
    expect(await run({}, undefined, { attempt: 2 })).toEqual(whole);
    expect(taken()).toEqual(files);
    for (const { ref } of await partsOf(whole)) await store.check(ref);
  });

  it('takes no record that is damaged', async () => {
    const { run, taken, store } = await halfDone();
    for await (const { key } of store.list('progress/')) await store.replace(key, Buffer.from('{"schemaVersion":1'));
    await run({}, undefined, { attempt: 2 });
    expect(taken()).toEqual(files);
  });

  it('goes on behind the rows of a table that it took, however the table has grown', async () => {
    await database.query('CREATE TABLE busy AS SELECT n AS id FROM generate_series(1, 10) AS n');
    const { wrap, taken } = watched();
    const { run, partsOf, data } = await place({ env: { SHOP_DB: postgres.url } }, wrap);
    const table = { kind: 'postgres', connection: 'SHOP_DB', query: 'SELECT * FROM busy', cursor: 'id' } as const;
    const visits = { kind: 'file', path: join(data, 'missing') } as const;
    const changes = { sources: { busy: table, visits }, contract: {}, prepare: 'features.sql' };
    await expect(run(changes)).rejects.toThrow(/missing/);
    expect(taken()).toEqual(['rows to 10']);
    await database.query('INSERT INTO busy SELECT * FROM generate_series(11, 15)');
    await mkdir(visits.path);
    const second = await run(changes, undefined, { attempt: 2 });
    expect(taken()).toEqual(['rows after 10 to 15']);
    expect((await partsOf(second)).map(({ rows }) => rows)).toEqual([5, 10]);
  });
});

describe('ingest, of a table that is written to meanwhile', () => {
  it('keeps the version of what was really read, which the next listing has too', async () => {
    await database.query('CREATE TABLE live AS SELECT n AS id FROM generate_series(1, 10) AS n');
    const writing = (source: Source): Source => ({
      name: source.name,
      list: (options) => source.list(options),
      fetch: async (...call) => {
        await database.query('INSERT INTO live VALUES (5)');
        return await source.fetch(...call);
      },
    });
    const { run, partsOf } = await place({ env: { SHOP_DB: postgres.url } }, writing);
    const live = { kind: 'postgres', connection: 'SHOP_DB', query: 'SELECT * FROM live', cursor: 'id' } as const;
    const changes = { sources: { live }, contract: {}, prepare: 'features.sql' };
    const first = await run(changes);
    expect(first.rows).toBe(11);
    expect((await partsOf(first))[0]?.object.version).toMatch(/^[0-9a-f]{16}-11-\d+$/);
    expect((await run(changes, first.snapshot)).snapshot).toEqual(first.snapshot);
  });
});
