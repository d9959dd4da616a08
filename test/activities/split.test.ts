import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineModel } from '../../src/define-model.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { DataProfile, Split } from '../../src/domain/data.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { putManifest, readManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { workerDeps } from '../../src/worker.js';
import { errorOf, workbench, type Workbench } from '../src/data/data-job.js';
import { activityBench } from '../support/activity-bench.js';
import { toyDay, toyDays, toySpec } from '../support/toy-data.js';

let bench: Workbench;
let store: FolderStore;
let activities: ReturnType<typeof activityBench>;
let data = '';
let run = 0;
beforeAll(async () => {
  bench = await workbench();
  store = new FolderStore(bench.path('store'));
  const python = async () => Promise.reject(new Error('nothing is trained here'));
  activities = activityBench(workerDeps({ store, python, workFolder: bench.path('work') }));
  data = bench.path('data');
  await mkdir(data);
  for (const day of toyDays(20)) await writeFile(join(data, `${day}.csv`), toyDay(day));
});
afterAll(() => bench.close());

/** Ingests and validates what is there, and splits it by this spec. */
async function split(changes: Partial<ModelSpecInput> = {}, more: { prepareSql?: string; asOf?: string } = {}) {
  const { prepareSql, asOf } = more;
  const sql = prepareSql === undefined ? {} : { prepareSql };
  const named = prepareSql === undefined ? {} : { prepare: 'features.sql' };
  const spec = await putManifest(store, 'spec', {
    spec: defineModel({ ...toySpec('toy', data, changes), ...named }),
    ...sql,
  });
  const common = { model: 'toy', run: (run += 1), spec };
  const { snapshot } = await activities.run('perennial.ingest', common);
  const checked = await activities.run('perennial.validate', { ...common, snapshot });
  const input = { ...common, snapshot: checked.snapshot, ...(asOf !== undefined && { asOf }) };
  const done = await activities.run('perennial.split', input);
  return { ...done, manifest: await readManifest<Split>(store, done.split) };
}
const profileOf = ({ profile }: { profile: Ref }) => readManifest<DataProfile>(store, profile);
const checks = async () => {
  const keys: string[] = [];
  for await (const { key } of store.list('checks/')) keys.push(key);
  return keys.length;
};

describe('split', () => {
  it('records how the rows were cut and what was learned from', async () => {
    const { manifest, rows, message } = await split();
    expect(manifest).toMatchObject({
      by: 'time',
      settings: { train: '10d', validation: '1d', test: '3d', gap: '0d', lookback: '0d' },
      test: { rows: 600, from: '2026-01-18T00:00:00.000Z', to: '2026-01-21T00:00:00.000Z' },
    });
    expect(manifest.asOf).toBeUndefined();
    expect(rows).toEqual({ train: 2000, validation: 200, test: 600 });
    expect(message).toMatch(/^train 2000 rows, 2026-01-07 to 2026-01-17; .*; features checked against the future$/);
    const { training, sources } = await profileOf(manifest);
    expect(training.rows).toBe(2000);
    expect(training.columns.find(({ name }) => name === 'bought')?.trues).toBe(
      Math.round(manifest.train.positiveShare! * 2000),
    );
    // Ten days of the training window, a part each.
    expect(sources['visits']?.rows).toBe(2000);
  });

  it('works as if a time were now', async () => {
    const asOf = '2026-01-15T00:00:00.000Z';
    const { manifest } = await split({}, { asOf });
    expect(manifest).toMatchObject({
      asOf,
      test: { rows: 600, to: asOf },
      train: { from: '2026-01-01T00:00:00.000Z' },
    });
  });

  it('says by what it was cut when it is not time', async () => {
    const { manifest, rows } = await split({ split: { by: 'group', columns: ['channel', 'visits'], last: '5d' } });
    expect(manifest).toMatchObject({
      by: 'group',
      settings: { columns: ['channel', 'visits'], test: 0.2, last: '5d' },
    });
    expect(rows.train + rows.validation + rows.test).toBe(1000);
  });

  it('holds the training table against its rules, whatever their severity, and names who made it', async () => {
    const prepareSql = 'SELECT *, price / 100 AS share FROM visits';
    const { contract, task } = toySpec('toy', data);
    const rules = (share: object) => ({
      task: { ...task, features: ['share', 'channel'] },
      contract: { ...(contract as object), training: { columns: { share: { type: 'number', ...share } } } },
    });
    const kept = rules({ min: 0, max: 1 }) as Partial<ModelSpecInput>;
    expect((await split(kept, { prepareSql })).rows.train).toBe(2000);
    const broken = rules({ max: 0.5 }) as Partial<ModelSpecInput>;
    const error = await errorOf(split(broken, { prepareSql }));
    expect(error).toMatchObject({ type: 'DATA.CONTRACT' });
    expect(error.message).toMatch(
      /^the training table breaks the contract: column "share".*want at most 0\.5.*mo must act$/,
    );
  });

  it('looks for leaks once for SQL and data of one form', async () => {
    const before = await checks();
    const prepareSql = 'SELECT *, price / (1 + visits) AS share FROM visits';
    const task = { ...toySpec('toy', data).task, features: ['share', 'channel'] };
    expect((await split({ task }, { prepareSql })).message).toMatch(/features checked against the future$/);
    expect(await checks()).toBe(before + 1);
    const again = await split({ task }, { prepareSql, asOf: '2026-01-19T00:00:00.000Z' });
    expect(again.message).not.toMatch(/checked/);
    expect((await split({ task }, { prepareSql: `${prepareSql} WHERE true` })).message).toMatch(/checked/);
    expect(await checks()).toBe(before + 2);
  });

  it('fails for features that know the future, each time', async () => {
    const before = await checks();
    const prepareSql = 'SELECT *, avg(price) OVER (PARTITION BY channel) AS usual FROM visits';
    const task = { ...toySpec('toy', data).task, features: ['usual', 'channel'] };
    for (let round = 0; round < 2; round += 1) {
      const error = await errorOf(split({ task }, { prepareSql }));
      expect(error).toMatchObject({ type: 'DATA.LEAK', nonRetryable: true });
      expect(error.message).toMatch(/"usual" depends on the future/);
    }
    expect(await checks()).toBe(before);
  });
});
