import { defineModel } from '../../src/define-model.js';
import { runKey } from '../../src/domain/artifact.js';
import type { Search, Study } from '../../src/domain/search.js';
import { putManifest } from '../../src/stores/blobs.js';
import type { ArtifactStore } from '../../src/stores/store.js';
import { toySpec } from './toy-data.js';

interface RunOf {
  readonly model: string;
  readonly run: number;
}

/** The record of a run that has ended, as far as a search is looked for in it. */
export async function recordRun(
  store: ArtifactStore,
  { study, ...of }: RunOf & { readonly study?: string },
): Promise<void> {
  const record = { schemaVersion: 1, ...of, evidence: { spec: 'x', ...(study !== undefined && { study }) } };
  await store.create(runKey(of.model, of.run), Buffer.from(JSON.stringify(record)));
}

/** A random search over nothing. */
export function plainSearch(model: string, spec: string): Search {
  return {
    kind: 'search',
    schemaVersion: 1,
    model,
    spec,
    split: 'b'.repeat(64),
    sampler: 'random',
    space: {},
    pruner: { kind: 'none' },
    seed: 7,
    metric: 'auc',
    direction: 'maximize',
    fixed: {},
    first: [],
    known: [],
  };
}

/** A study without trials, paid in Swiss francs. */
export async function putStudy(
  store: ArtifactStore,
  { model, run, money = 0.5 }: RunOf & { readonly money?: number },
): Promise<{ readonly sha256: string; readonly spec: string }> {
  const cost = { currency: 'CHF', cpuHour: 1 };
  const spec = await putManifest(store, 'spec', { spec: defineModel(toySpec(model, '/data', { cost })) });
  const search = plainSearch(model, spec.sha256);
  const study: Study = {
    kind: 'study',
    schemaVersion: 1,
    model,
    run,
    search: await putManifest(store, 'search', search),
    chunks: [],
    counts: { complete: 0, pruned: 0, failed: 0 },
    best: { number: 0, value: 0.8, parameters: {} },
    seconds: 3,
    money,
    points: spec,
  };
  return { sha256: (await putManifest(store, 'study', study)).sha256, spec: spec.sha256 };
}
