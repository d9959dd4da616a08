import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActivityDeps } from '../../activities/deps.js';
import { findBackfilled } from '../../activities/find-backfilled.js';
import { record } from '../../activities/record.js';
import type { RunRecord } from '../../src/domain/run.js';
import { FolderStore } from '../../src/stores/folder-store.js';

let folder: string;
let deps: ActivityDeps;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-backfilled-'));
  deps = { store: new FolderStore(folder) } as unknown as ActivityDeps; // the activity uses nothing else
});
afterAll(() => rm(folder, { recursive: true }));

const spec = 'a'.repeat(64);

async function keep(model: string, changes: readonly Partial<RunRecord>[]): Promise<void> {
  for (const [index, change] of changes.entries()) {
    await record(deps, {
      schemaVersion: 1,
      model,
      run: index + 1,
      workflowId: 'w',
      executionId: 'e',
      trigger: { kind: 'backfill', by: 'ann', reason: 'r' },
      asOf: '2025-01-08',
      promote: false,
      startedAt: '2025-02-01T00:00:00Z',
      finishedAt: '2025-02-01T00:00:00Z',
      outcome: 'HOLD',
      summary: `run ${index + 1}`,
      evidence: { spec },
      ...change,
    });
  }
}

const find = (model: string, change: { readonly promote?: boolean } = {}) =>
  findBackfilled(
    deps,
    { model, spec, promote: false, ends: ['2025-01-08', '2025-01-15'], ...change },
    new AbortController().signal,
  );

it('finds windows that an earlier backfill by the same spec has brought to a verdict, the newest try of each', async () => {
  await keep('found', [{ asOf: '2025-01-15' }, {}, { outcome: 'REJECT' }, { outcome: 'FAILED' }]);
  expect(await find('found')).toEqual([
    { asOf: '2025-01-08', run: 3, outcome: 'REJECT', summary: 'run 3' },
    { asOf: '2025-01-15', run: 1, outcome: 'HOLD', summary: 'run 1' },
  ]);
});

it('counts no run by another spec, of another window, of a person, that failed or that promoted otherwise', async () => {
  await keep('other', [
    { evidence: { spec: 'b'.repeat(64) } },
    { asOf: '2025-01-22' },
    { trigger: { kind: 'manual', by: 'ann', reason: 'r' } },
    { outcome: 'FAILED' },
    { promote: true },
    {},
  ]);
  expect((await find('other')).map(({ run }) => run)).toEqual([6]);
  expect((await find('other', { promote: true })).map(({ run }) => run)).toEqual([5]);
  expect(await find('nobody')).toEqual([]);
});

it('with promotion, finds also up to when a champion has learned elsewhere, when that is newer', async () => {
  const promoting = { promote: true } as const;
  await keep('elsewhere', [
    { ...promoting, asOf: '2025-01-08' },
    { ...promoting, asOf: '2025-03-31', evidence: { spec: 'b'.repeat(64) } },
    { ...promoting, asOf: '2025-03-01' },
    { ...promoting, asOf: '2025-05-01', outcome: 'FAILED' },
    { asOf: '2025-05-01' },
  ]);
  expect(await find('elsewhere')).toEqual([]);
  expect(await find('elsewhere', promoting)).toEqual([
    { asOf: '2025-01-08', run: 1, outcome: 'HOLD', summary: 'run 1' },
    { asOf: '2025-03-31', run: 2, outcome: 'HOLD', summary: 'run 2', foreign: true },
  ]);

  const byHand = { trigger: { kind: 'manual', by: 'ann', reason: 'r' }, asOf: undefined, promote: undefined } as const;
  const ordinary = (change: object) => ({ ...byHand, startedAt: '2025-04-02T00:00:00Z', ...change }) as object;
  await keep('ordinary', [ordinary({ outcome: 'HOLD' })]);
  expect(await find('ordinary', promoting)).toEqual([]);
  await keep('promoted', [ordinary({ outcome: 'PROMOTE' })]);
  expect(await find('promoted', promoting)).toMatchObject([{ asOf: '2025-04-02T00:00:00Z', run: 1, foreign: true }]);
});

it('reads many records, in the order of time', async () => {
  await keep(
    'many',
    Array.from({ length: 70 }, (_, index) => ({ asOf: index % 2 === 0 ? '2025-01-15' : '2025-01-08' })),
  );
  expect((await find('many')).map(({ asOf, run }) => [asOf, run])).toEqual([
    ['2025-01-08', 70],
    ['2025-01-15', 69],
  ]);
});
