import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../activities/deps.js';
import { ingest } from '../../activities/ingest.js';
import { validate, type Validated } from '../../activities/validate.js';
import { profileFiles } from '../../src/data/profile.js';
import { defineModel } from '../../src/define-model.js';
import { canonicalJson } from '../../src/domain/canonical.js';
import type { DataProfile, Snapshot, Split, ValidationReport } from '../../src/domain/data.js';
import type { TableProfile } from '../../src/domain/profile.js';
import type { Ref } from '../../src/domain/artifact.js';
import { openSource } from '../../src/sources/index.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { mergeProfiles } from '../../src/statistics/merge-profiles.js';
import { declaredBudget } from '../../src/resources/declared.js';
import { BlobCache, putManifest, readManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { liveProfileKey } from '../../src/stores/live-profiles.js';
import { sharedLedgers } from '../../src/stores/shared-ledgers.js';
import { errorOf, workbench, type Workbench } from '../src/data/data-job.js';
import { promote, register, storeBundle } from '../src/serving/publish.js';
import { binaryModel } from '../support/onnx-models.js';
import { noCode } from '../support/no-code.js';
import { toyDay, toySpec } from '../support/toy-data.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

/** A contract of the toy shop in the standard's form, which has severities: with rules on the price, and on more. */
function contractFile(quality: readonly object[], more: { rows?: object[]; sla?: object } = {}): object {
  const { rows = [], sla } = more;
  const others = { visited: 'timestamp', channel: 'string', visits: 'integer', bought: 'boolean' };
  return {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: 'shop',
    version: '1.0.0',
    status: 'active',
    schema: [
      {
        name: 'visits',
        quality: rows,
        properties: [
          { name: 'price', logicalType: 'number', quality },
          ...Object.entries(others).map(([name, logicalType]) => ({ name, logicalType })),
        ],
      },
    ],
    ...(sla && { slaProperties: [sla] }),
  };
}
const priceBelow = (maximum: number, severity: string, expect: object = { mustBe: 0 }) => ({
  type: 'custom',
  engine: 'perennial',
  id: 'cheap',
  severity,
  implementation: { metric: 'invalidValues', arguments: { maximum }, ...expect },
});

/** A shop of its own, and its validation as a run does it: the sources are read, then what is new is checked. */
async function shop() {
  const [root, data] = [bench.path('store'), bench.path('data')];
  await mkdir(data);
  const store = new FolderStore(root);
  const cache = new BlobCache(store, bench.path('cache'), { maxBytes: 1e9 });
  const deps: ActivityDeps = {
    store,
    cache,
    remembered: store,
    ledger: sharedLedgers(store),
    scratchFolder: bench.path('scratch'),
    openSource,
    ...noCode,
    budget: declaredBudget(),
    trainers: {},
  };
  const signal = new AbortController().signal;
  const run = async (
    options: { changes?: Partial<ModelSpecInput>; contract?: object; previous?: Ref } = {},
  ): Promise<Validated & { ingested: Ref }> => {
    const { contract, changes, previous } = options;
    const spec = defineModel(toySpec('toy', data, { ...changes, ...(contract && { contract: 'c.yaml' }) }));
    const stored = { spec, ...(contract && { contractFile: contract }) };
    const input = {
      model: 'toy',
      run: 1,
      spec: await putManifest(store, 'spec', stored),
      ...(previous && { previous }),
    };
    const { snapshot } = await asActivity(() => ingest(deps, input, signal));
    const done = await asActivity(() => validate(deps, { ...input, snapshot }, signal));
    return { ...done, ingested: snapshot };
  };
  return {
    store,
    data,
    run,
    addDay: (day: string, text = toyDay(day)) => writeFile(join(data, `${day}.csv`), text),
    partsOf: async (snapshot: Ref) => (await readManifest<Snapshot>(store, snapshot)).parts,
    reportOf: async (report: Ref) => await readManifest<ValidationReport>(store, report),
    rowsOf: async (ref: Ref, columns: string) =>
      await bench.query(`SELECT ${columns} FROM read_parquet('${await cache.file(ref)}')`),
    /** Makes a champion that has learned from rows with this profile. */
    champion: async (profile: TableProfile, training: TableProfile = profile) => {
      const learned: DataProfile = { kind: 'profile', schemaVersion: 1, training, sources: { visits: profile } };
      // Of a split only its profile is asked for.
      const split = { profile: await putManifest(store, 'profile', learned) } satisfies Partial<Split>;
      const digest = (await putManifest(store, 'split', split)).sha256;
      const bundle = await storeBundle(store, 'toy', binaryModel({ weights: { price: 1 } }), digest);
      await promote(store, 'toy', await register(store, 'toy', bundle));
      return bundle;
    },
  };
}

/** What an activity may ask of the worker: here only how it is called. */
async function asActivity<T>(work: () => Promise<T>): Promise<T> {
  const info = { activityType: 'perennial.validate', attempt: 1 };
  return await asyncLocalStorage.run({ info } as Context, work);
}

/** A day whose prices are these, over and over. */
function dayOf(day: string, prices: readonly (number | string)[], rows = 10): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const time = `${day} ${String(Math.floor(row / 60) % 24).padStart(2, '0')}:${String(row % 60).padStart(2, '0')}:00`;
    return `${time},mail,${prices[row % prices.length]},1,${row % 2 === 0}`;
  });
  return `visited,channel,price,visits,bought\n${lines.join('\n')}\n`;
}

describe('validate', () => {
  it('profiles what is new, gives it on in a snapshot, and finds nothing to do the next time', async () => {
    const { run, addDay, partsOf, reportOf } = await shop();
    await addDay('2026-01-01');
    await addDay('2026-01-02');
    const first = await run();
    expect(first).toMatchObject({ rows: 400, message: '400 rows of 2 files checked: all keep the contract' });
    expect(first.warnings).toBeUndefined();
    expect(first.snapshot).not.toEqual(first.ingested);
    const report = await reportOf(first.report);
    expect(report).toMatchObject({ checkedParts: 2, checkedRows: 400, findings: [], quarantinedRows: 0 });
    expect(report.snapshot).toBe(first.snapshot.sha256);
    expect(report.drift).toBeUndefined();
    expect(report.profiles['visits']?.rows).toBe(400);
    for (const { profile } of await partsOf(first.snapshot)) expect(profile?.bytes).toBeGreaterThan(100);

    const second = await run({ previous: first.snapshot });
    expect(second.snapshot).toEqual(first.snapshot);
    expect(second.message).toBe('nothing new to check');
    await addDay('2026-01-03');
    const third = await run({ previous: first.snapshot });
    expect(third.message).toBe('200 rows of 1 file checked: all keep the contract');
    expect((await partsOf(third.snapshot)).slice(0, 2)).toEqual(await partsOf(first.snapshot));
  });

  it('gives profiles that merge exactly with those of earlier runs', async () => {
    const { run, addDay, partsOf, store, data } = await shop();
    await addDay('2026-01-01');
    await addDay('2026-01-02');
    const first = await run();
    await addDay('2026-01-03');
    const second = await run({ previous: first.snapshot });
    const profiles: TableProfile[] = [];
    for (const { profile } of await partsOf(second.snapshot))
      profiles.push(await readManifest<TableProfile>(store, profile!));
    const edges = (profile: TableProfile | undefined) =>
      profile?.columns.map(({ numbers }) => numbers?.histogram?.edges);
    const [before, beside, after] = profiles;
    expect(edges(beside)).toEqual(edges(before));
    expect(edges(after)).toEqual(edges(before));
    const files = [join(data, 'all.parquet')];
    await bench.query(`COPY (FROM read_csv('${data}/*.csv')) TO '${files[0]}'`);
    const together = await profileFiles(files, { edges: before! });
    const merged = mergeProfiles(profiles);
    for (const [index, column] of merged.columns.entries()) {
      const { numbers, text, trues, nulls } = together.columns[index]!;
      expect(column).toMatchObject({ nulls, ...(trues !== undefined && { trues }) });
      expect(column.text?.maxLength).toBe(text?.maxLength);
      expect(column.numbers?.histogram).toEqual(numbers?.histogram);
    }
  });

  it('stops a run for a broken rule, names the owner, and stores the report before', async () => {
    const { run, addDay, reportOf } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [1, 200, -1]));
    const error = await errorOf(run());
    expect(error).toMatchObject({ code: 'DATA.CONTRACT', details: { owner: 'dora', columns: ['price'] } });
    expect(error.message).toBe(
      'new data breaks the contract: visits/2026-01-01.csv: column "price": found -1, want at least 0; 3 of 10 rows (30 %) break this; ' +
        'visits/2026-01-01.csv: column "price": found 200, want at most 100; 3 of 10 rows (30 %) break this. dora must act',
    );
    const report = await reportOf(error.details?.['report'] as Ref);
    expect(report.findings.map(({ check, severity, badRows }) => [check, severity, badRows])).toEqual([
      ['price/min', 'block', 3],
      ['price/max', 'block', 3],
    ]);
    expect(report.profiles['visits']?.rows).toBe(10);
  });

  it('goes on with a warning, and says it', async () => {
    const { run, addDay, reportOf } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [1, 200]));
    const contract = contractFile([priceBelow(100, 'warning')]);
    const done = await run({ contract });
    expect(done.message).toBe('10 rows of 1 file checked: 1 warning');
    expect(done.warnings).toEqual([
      'visits/2026-01-01.csv: column "price": found 200, want at most 100; 5 of 10 rows (50 %) break this',
    ]);
    expect((await reportOf(done.report)).findings).toHaveLength(1);
  });

  it('sets bad rows aside, and goes on with the others', async () => {
    const { run, addDay, partsOf, reportOf, rowsOf } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1, 2, 3, 4]));
    await addDay('2026-01-02');
    const contract = contractFile([priceBelow(100, 'quarantine')]);
    const done = await run({ contract });
    expect(done).toMatchObject({ rows: 208, message: '210 rows of 2 files checked: 2 rows set aside' });
    expect(done.warnings).toEqual([
      expect.stringMatching(/^visits\/2026-01-01\.csv: 2 rows set aside, kept as blobs\/sha256\/[0-9a-f/]{67}$/),
      expect.stringContaining('column "price"'),
    ]);
    expect(await reportOf(done.report)).toMatchObject({
      quarantinedRows: 2,
      checkedRows: 210,
      profiles: { visits: { rows: 208 } },
    });
    const [part, other] = await partsOf(done.snapshot);
    const [came] = await partsOf(done.ingested);
    expect(part).toMatchObject({
      rows: 8,
      quarantine: { rows: 2 },
      from: '2026-01-01T00:01:00.000Z',
      to: '2026-01-01T00:09:00.000Z',
      sourceSha256: came!.sourceSha256,
      object: came!.object,
    });
    expect(came).toMatchObject({ rows: 10, from: '2026-01-01T00:00:00.000Z' });
    expect(part!.ref).not.toEqual(came!.ref);
    expect(other!.quarantine).toBeUndefined();
    expect(await rowsOf(part!.ref, 'max(price), count(*)::DOUBLE')).toEqual([[4, 8]]);
    expect(await rowsOf(part!.quarantine!.ref, 'price, to_json(_perennial_reasons)')).toEqual([
      [200, '["price/cheap"]'],
      [200, '["price/cheap"]'],
    ]);
    // It is known by what is left of it: the next run reads nothing again.
    const next = await run({ contract, previous: done.snapshot });
    expect(next.snapshot).toEqual(done.snapshot);
    expect(next.message).toBe('nothing new to check');
    // Another attempt gives the same, to the last byte.
    expect((await run({ contract })).snapshot).toEqual(done.snapshot);
  });

  it('keeps no value of a sensitive column in a profile, also of what is left after rows were set aside', async () => {
    const { run, addDay, reportOf } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1, 2, 3, 4]));
    const plain = JSON.stringify(contractFile([priceBelow(100, 'quarantine')]));
    const role = '"name":"channel","customProperties":[{"property":"perennial.role","value":"sensitive"}]';
    const contract = JSON.parse(plain.replace('"name":"channel"', role)) as object;
    const task = { kind: 'binary', label: 'bought', features: ['price', 'visits'], eventTime: 'visited' } as const;
    const done = await run({ contract, changes: { task: { ...task, features: [...task.features] } } });
    expect(done.message).toMatch(/2 rows set aside/);
    const channel = (await reportOf(done.report)).profiles['visits']?.columns.find(({ name }) => name === 'channel');
    expect(channel).toMatchObject({ rows: 8, type: 'string' });
    expect(channel).not.toHaveProperty('top');
  });

  it('tells a finding on a sensitive column once, and keeps the range of a sensitive event time, when rows are set aside', async () => {
    const { run, addDay, partsOf, reportOf } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1, 2, 3, 4]).replaceAll(/,1,(?=true|false)/g, ',5,'));
    const sensitive = { customProperties: [{ property: 'perennial.role', value: 'sensitive' }] };
    const plain = contractFile([priceBelow(100, 'quarantine')]) as { schema: { properties: { name: string }[] }[] };
    const properties = plain.schema[0]!.properties.map((property) => {
      if (property.name === 'visited') return { ...property, ...sensitive };
      const warns = { property: 'perennial.severity', value: 'warn' };
      const roles = { customProperties: [...sensitive.customProperties, warns] };
      return property.name === 'visits' ? { ...property, ...roles, logicalType: 'boolean' } : property;
    });
    const contract = { ...plain, schema: [{ ...plain.schema[0], properties }] };
    const task = { kind: 'binary', label: 'bought', features: ['price'], eventTime: 'visited' } as const;
    const done = await run({ contract, changes: { task: { ...task, features: [...task.features] } } });
    const { findings } = await reportOf(done.report);
    expect(findings.map(({ check }) => check)).toEqual(['price/cheap', 'visits/type']);
    expect((await partsOf(done.snapshot))[0]).toMatchObject({
      from: '2026-01-01T00:01:00.000Z',
      to: '2026-01-01T00:09:00.000Z',
    });
  });

  it('leaves bad rows where they are as long as the rule allows so many', async () => {
    const { run, addDay, partsOf } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1, 2, 3, 4]));
    const share = (most: number) =>
      contractFile([priceBelow(100, 'quarantine', { mustBeLessOrEqualTo: most, unit: 'percent' })]);
    expect((await run({ contract: share(20) })).rows).toBe(10);
    const done = await run({ contract: share(19) });
    expect((await partsOf(done.snapshot))[0]).toMatchObject({ rows: 8, quarantine: { rows: 2 } });
  });

  it('stops when more than half of a file would have to be set aside', async () => {
    const { run, addDay } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1]));
    expect((await run({ contract: contractFile([priceBelow(100, 'quarantine')]) })).rows).toBe(5);
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 200, 1]));
    const error = await errorOf(run({ contract: contractFile([priceBelow(100, 'quarantine')]) }));
    expect(error).toMatchObject({ code: 'DATA.CONTRACT' });
    expect(error.message).toContain(
      'visits/2026-01-01.csv: 7 of 10 rows (70 %) break rules by which rows are set aside (price/cheap), want at most half of the rows',
    );
  });

  it('judges rules on the whole table by what is left of it', async () => {
    const { run, addDay } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1, 2, 3, 4]));
    const rows = (least: number) => ({
      rows: [{ metric: 'rowCount', mustBeGreaterOrEqualTo: least, severity: 'error' }],
    });
    const dearest = {
      type: 'sql',
      query: 'SELECT max({property}) FROM {object}',
      mustBeLessThan: 100,
      severity: 'error',
    };
    const quality = [priceBelow(100, 'quarantine'), dearest];
    expect((await run({ contract: contractFile(quality, rows(8)) })).rows).toBe(8);
    const error = await errorOf(run({ contract: contractFile(quality, rows(9)) }));
    expect(error.message).toContain('found 8 rows, want at least 9');
  });

  it('names the file on whose rows a rule cannot be measured', async () => {
    const { run, addDay } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [1, 2]));
    await addDay('2026-01-02', dayOf('2026-01-02', [1, 0]));
    const rest = {
      type: 'sql',
      query: "SELECT max(error('none is free')) FROM {object} WHERE {property} = 0",
      mustBe: 0,
    };
    const error = await errorOf(run({ contract: contractFile([rest]) }));
    expect(error).toMatchObject({ code: 'DATA.CHECK', details: { source: 'visits', object: '2026-01-02.csv' } });
    expect(error.message).toMatch(/^visits\/2026-01-02\.csv: Cannot check the rule "price\/[\w-]+" with its SQL: /);
  });

  it('keeps the time of a file that its name tells', async () => {
    const { run, addDay, partsOf, data } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1, 2, 3, 4]));
    const sources = { visits: { kind: 'file', path: data, eventTime: { key: '{yyyy}-{MM}-{dd}' } } } as const;
    const done = await run({ contract: contractFile([priceBelow(100, 'quarantine')]), changes: { sources } });
    expect((await partsOf(done.snapshot))[0]).toMatchObject({
      rows: 8,
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T23:59:59.999Z',
    });
  });

  it('checks again what came before, when the contract has changed', async () => {
    const { run, addDay } = await shop();
    await addDay('2026-01-01', dayOf('2026-01-01', [200, 1, 2, 3, 4]));
    const first = await run({ contract: contractFile([priceBelow(300, 'quarantine')]) });
    expect(first.rows).toBe(10);
    const second = await run({ contract: contractFile([priceBelow(100, 'quarantine')]), previous: first.snapshot });
    expect(second).toMatchObject({ rows: 8, message: '10 rows of 1 file checked: 2 rows set aside' });
    // Set aside is not lost: when the rule goes, the rows are back.
    const third = await run({ contract: contractFile([priceBelow(300, 'quarantine')]), previous: second.snapshot });
    expect(third.rows).toBe(10);
  });

  it('says when data is late, over all files and also when nothing is new', async () => {
    const { run, addDay } = await shop();
    const newest = (value: number) =>
      contractFile([], { sla: { property: 'latency', value, unit: 'd', element: 'visits.visited' } });
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    await addDay('old', dayOf(day(30), [1]));
    await addDay('new', dayOf(day(3), [1]));
    const first = await run({ contract: newest(7) });
    expect(first.message).toBe('20 rows of 2 files checked: all keep the contract');
    const late = await run({ contract: newest(1), previous: first.snapshot });
    expect(late.message).toBe('20 rows of 2 files checked: 1 warning');
    expect(late.warnings?.[0]).toMatch(
      /^visits\/new\.csv: column "visited": found .*T00:09:00\.000Z as the newest, [234](\.\d)? days old, want at most 24 hours$/,
    );
    const still = await run({ contract: newest(1), previous: late.snapshot });
    expect(still.message).toBe('nothing new to check; 1 warning');
    expect(still.warnings).toHaveLength(1);
  });
});

describe('validate beside a champion', () => {
  const shifted = (day: string) => dayOf(day, [90, 91, 92, 93, 94, 95], 700);
  const usual = (day: string) => toyDay(day, { rows: 700 });

  it('warns of new data that is not what the champion learned from', async () => {
    const { run, addDay, reportOf, champion } = await shop();
    await addDay('2026-01-01', usual('2026-01-01'));
    const first = await run();
    await champion((await reportOf(first.report)).profiles['visits']!);
    await addDay('2026-01-02', usual('2026-01-02'));
    const second = await run({ previous: first.snapshot });
    expect(second.message).toBe('700 rows of 1 file checked: all keep the contract');
    expect((await reportOf(second.report)).drift?.every(({ state }) => state === 'stable')).toBe(true);

    await addDay('2026-01-03', shifted('2026-01-03'));
    const third = await run({ previous: second.snapshot });
    expect(third.message).toMatch(/^700 rows of 1 file checked: new data has drifted in .*price/);
    expect(third.warnings?.join()).toContain('"price"');
    const drift = (await reportOf(third.report)).drift ?? [];
    expect(drift.find(({ column, state }) => column === 'price' && state === 'drift')).toMatchObject({
      kind: 'data',
      table: 'visits',
    });

    const off = await run({ previous: second.snapshot, changes: { drift: { data: 'off', skew: 'off' } } });
    expect((await reportOf(off.report)).drift).toBeUndefined();
    const error = await errorOf(run({ previous: second.snapshot, changes: { drift: { data: 'block' } } }));
    expect(error).toMatchObject({ code: 'DATA.DRIFT', details: { owner: 'dora' } });
    expect(error.details?.['columns']).toContain('price');
    expect(error.message).toMatch(/^what the champion learned from is no longer what comes in: .*"price"/);
    expect((await reportOf(error.details?.['report'] as Ref)).drift?.length).toBeGreaterThan(0);
  });

  it('warns of users who ask something else than the champion learned from', async () => {
    const { run, addDay, reportOf, champion, store } = await shop();
    await addDay('2026-01-01', usual('2026-01-01'));
    const first = await run();
    const learned = (await reportOf(first.report)).profiles['visits']!;
    const bundle = await champion(learned);
    const asked = await bench.parquet('asked.parquet', 'SELECT 95 + i % 5 AS price FROM range(700) r(i)');
    const live = {
      kind: 'live-profile',
      schemaVersion: 1,
      model: 'toy',
      bundle,
      from: new Date().toISOString(),
      to: new Date().toISOString(),
      profile: await profileFiles([asked], { edges: learned }),
    };
    const today = new Date().toISOString().slice(0, 10);
    await store.replace(liveProfileKey('toy', bundle, today, 'a'), Buffer.from(canonicalJson(live)));
    const second = await run({ previous: first.snapshot });
    expect(second.message).toBe('nothing new to check; what users ask has drifted in price');
    const error = await errorOf(run({ previous: first.snapshot, changes: { drift: { skew: 'block' } } }));
    expect(error).toMatchObject({ code: 'DATA.DRIFT', details: { columns: ['price'] } });
    expect(error).toHaveProperty('fix', expect.stringContaining('set drift.skew to warn'));
  });

  it('compares with nothing when the champion is from before profiles were kept', async () => {
    const { run, addDay, reportOf, store } = await shop();
    const split = (await putManifest(store, 'split', { kind: 'split' })).sha256;
    const bundle = await storeBundle(store, 'toy', binaryModel({ weights: { price: 1 } }), split);
    await promote(store, 'toy', await register(store, 'toy', bundle));
    await addDay('2026-01-01');
    const { report } = await run();
    expect((await reportOf(report)).drift).toBeUndefined();
  });
});
