import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ref } from '../../src/domain/artifact.js';
import type { SearchInput } from '../../src/domain/search.js';
import { defineModel } from '../../src/define-model.js';
import { runPlan } from '../../src/run-plan.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { putBlob, putManifest } from '../../src/stores/blobs.js';
import { openStore } from '../../src/stores/index.js';
import type { ArtifactStore } from '../../src/stores/store.js';
import { toySpec } from './toy-data.js';

/** What a search needs, in a folder, without the steps before it. */
export interface SearchWorld {
  readonly store: ArtifactStore;
  readonly folder: string;
  /** The input of a search by this spec; the split has no rows that a bowl would look at. */
  input(
    model: string,
    search: NonNullable<ModelSpecInput['search']>,
    changes?: Partial<ModelSpecInput>,
  ): Promise<SearchInput>;
  stop(): Promise<void>;
}

export const bowlSpace = {
  x: { type: 'float', low: -5, high: 5 },
  y: { type: 'float', low: -5, high: 5 },
} as const;

export async function searchWorld(): Promise<SearchWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-search-'));
  const store = openStore(`folder:${join(folder, 'store')}`);
  return {
    store,
    folder,
    input: (model, search, changes = {}) =>
      searchInput(store, model, { trainer: { kind: 'bowl' }, ...changes, search }),
    async stop() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function searchInput(
  store: ArtifactStore,
  model: string,
  changes: Partial<ModelSpecInput>,
): Promise<SearchInput> {
  const spec = defineModel(toySpec(model, '/nowhere', changes));
  const rows = await putBlob(store, Buffer.from('rows'));
  const side = { ref: rows, rows: 100, positiveShare: 0.5, from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
  const columns = spec.task.features.map((name) => ({ name, type: 'number' }));
  const [ref, split] = await Promise.all([
    putManifest(store, 'spec', { spec }),
    putManifest(store, 'split', {
      kind: 'split',
      schemaVersion: 1,
      columns,
      train: side,
      validation: side,
      test: side,
    }),
  ]);
  return { model, run: 1, plan: planOf(spec, ref), spec: ref, split, timeoutMs: 60_000 };
}

function planOf(spec: Parameters<typeof runPlan>[0], ref: Ref): SearchInput['plan'] {
  const { search } = runPlan(spec, ref);
  if (!search) throw new Error('The spec has no search');
  return search;
}
