import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSearch } from '../../activities/search-open.js';
import { defineModel } from '../../src/define-model.js';
import type { Search, Study } from '../../src/domain/search.js';
import { searchSettings } from '../../src/search/settings.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { putManifest, readManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { workerDeps } from '../../src/worker.js';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { recordRun } from '../support/studies.js';
import { toySpec } from '../support/toy-data.js';

type Pruner = NonNullable<ModelSpecInput['search']>['pruner'];

let bench: Workbench;
let store: FolderStore;
beforeAll(async () => {
  bench = await workbench();
  store = new FolderStore(bench.path('store'));
});
afterAll(() => bench.close());

function modelOf(name: string, pruner: Pruner) {
  const space = { learning_rate: { type: 'float', low: 0.01, high: 1 } } as const;
  const warmStart = { champion: false, studies: true };
  return defineModel(toySpec(name, '/data', { search: { sampler: 'random', space, pruner, warmStart } }));
}

/** Run 1 has searched with the one pruner, run 2 searches with the other one: which trials it knows. */
async function knownAfter(name: string, before: Pruner, now: Pruner) {
  const { warm: _warm, points: _points, ...settings } = searchSettings(modelOf(name, before));
  const spec = await putManifest(store, 'spec', { spec: modelOf(name, now) });
  const basis = { schemaVersion: 1, model: name } as const;
  const made = { spec: spec.sha256, split: 'b'.repeat(64), first: [], known: [] };
  const search: Search = { ...basis, kind: 'search', ...settings, ...made };
  const trials = [{ number: 0, state: 'complete', parameters: { learning_rate: 0.1 }, value: 0.2, seconds: 1 }];
  const chunk = await putManifest(store, 'trials', { kind: 'trials', schemaVersion: 1, before: [], trials });
  const study: Study = {
    ...basis,
    kind: 'study',
    run: 1,
    search: await putManifest(store, 'search', search),
    chunks: [chunk],
    counts: { complete: 1, pruned: 0, failed: 0 },
    best: { number: 0, value: 0.2, parameters: { learning_rate: 0.1 } },
    seconds: 1,
    money: 0,
    points: spec,
  };
  await recordRun(store, { model: name, run: 1, study: (await putManifest(store, 'study', study)).sha256 });
  const python = () => Promise.reject(new Error('nothing is trained here'));
  const deps = workerDeps({ store, python, workFolder: bench.path('work') });
  const opened = await openSearch(deps, { model: name, run: 2, spec, split: spec }, new AbortController().signal);
  const { known } = await readManifest<Search>(store, opened.search);
  return known.map(({ sha256 }) => sha256 === chunk.sha256);
}

const halving = { kind: 'halving', first: 2 } as const;

describe('a search that may begin with the trials of an earlier one', () => {
  it('knows those of one with the same pruner', async () => {
    expect(await knownAfter('same', halving, halving)).toEqual([true]);
  });

  it('knows those of any when it has no pruner itself', async () => {
    expect(await knownAfter('none', halving, { kind: 'none' })).toEqual([true]);
  });

  it('does not prune by values that were told at other steps', async () => {
    expect(await knownAfter('new', { kind: 'none' }, halving)).toEqual([]);
    expect(await knownAfter('other', { kind: 'halving', first: 3 }, halving)).toEqual([]);
  });
});
