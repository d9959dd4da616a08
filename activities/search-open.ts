import type { Ref } from '../src/domain/artifact.js';
import { canonicalJson } from '../src/domain/canonical.js';
import type { ModelBundle } from '../src/domain/model.js';
import { trialsOf, type Parameters, type Search, type Study } from '../src/domain/search.js';
import { pointOf } from '../src/search/space.js';
import { searchSettings } from '../src/search/settings.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { putManifest, readManifest, readManifestOf } from '../src/stores/blobs.js';
import { unlessDamaged } from '../src/stores/find-damage.js';
import { readRunRecord, recordedRuns } from '../src/stores/run-records.js';
import { SearchChunks } from '../src/stores/search-chunks.js';
import type { ActivityDeps } from './deps.js';

export interface OpenSearchInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  readonly split: Ref;
  /** Hyperparameters of this run, which are not searched. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface SearchOpened {
  readonly message: string;
  readonly search: Ref;
  /** More trials than these there are not; absent when there is no end to them. */
  readonly points?: number;
  /** A search of an earlier run on the very same rows: there is nothing left to try. */
  readonly done?: SearchDone;
}

/** How a search has ended. */
export type SearchDone = Pick<Study, 'best' | 'chunks' | 'counts'> & { readonly study: Ref };

/** Runs before this one that are looked through for an earlier study. */
const LOOKED_AT = 50;

/** Fixes what a search is about: space, sampler, seed, and what it begins with. */
export async function openSearch(
  deps: ActivityDeps,
  input: OpenSearchInput,
  signal: AbortSignal,
): Promise<SearchOpened> {
  const { store } = deps;
  const { spec } = await readManifest<StoredSpec>(store, input.spec, { signal });
  const settings = searchSettings(spec, input.parameters);
  const basis = { kind: 'search', schemaVersion: 1, model: input.model } as const;
  const made = { ...basis, ...settings, spec: input.spec.sha256, split: input.split.sha256, first: [], known: [] };
  const [champion, earlier] = await Promise.all([
    settings.warm.champion ? championsPoint(deps, made, signal) : undefined,
    settings.warm.studies ? earlierStudy(deps, input, made, signal) : undefined,
  ]);
  const { warm: _warm, points, ...rest } = made;
  const search: Search = {
    ...rest,
    first: champion ? [champion] : [],
    known: earlier?.chunks ?? [],
  };
  const message = [
    `${settings.sampler} over ${Object.keys(settings.space).join(', ')}`,
    ...(champion ? ["begins with the champion's hyperparameters"] : []),
    ...(earlier ? [`knows the ${trialsOf(earlier.counts)} trials of run ${earlier.run}`] : []),
  ].join('; ');
  const ref = await putManifest(store, 'search', search, { signal });
  return { message, search: ref, ...(points !== undefined && { points: points + search.first.length }) };
}

/** The champion's hyperparameters as a point of the space; undefined when there is no champion or it lies elsewhere. */
async function championsPoint(
  { ledger, store }: ActivityDeps,
  { model, space, fixed }: Pick<Search, 'model' | 'space' | 'fixed'>,
  signal: AbortSignal,
): Promise<Parameters | undefined> {
  const { champion } = (await ledger(model).read({ signal })).state;
  if (!champion) return undefined;
  const bundle = await unlessDamaged(store, readManifestOf<ModelBundle>(store, 'bundle', champion.bundle, { signal }), {
    signal,
  });
  return bundle && pointOf(space, fixed, bundle.trainer.parameters);
}

/** The newest study of the model over the same space, by the same metric and pruner, that is whole: nothing rests on it. */
async function earlierStudy(
  { store }: ActivityDeps,
  { model, run }: OpenSearchInput,
  wanted: Pick<Search, 'space' | 'metric' | 'direction' | 'pruner'>,
  signal: AbortSignal,
): Promise<Study | undefined> {
  const options = { signal };
  // Beside another pruner trials tell their values at other steps: compared with those, hardly any would go on.
  const prunes = wanted.pruner.kind !== 'none';
  const key = ({ space, metric, direction, pruner }: typeof wanted) =>
    canonicalJson({ space, metric, direction, ...(prunes && { pruner }) });
  const before = (await recordedRuns(store, model)).filter((each) => each < run).slice(-LOOKED_AT);
  const studyOf = async (each: number): Promise<Study | undefined> => {
    const { evidence } = await readRunRecord(store, model, each);
    if (evidence.study === undefined) return undefined;
    const study = await readManifestOf<Study>(store, 'study', evidence.study, options);
    const search = await readManifest<Search>(store, study.search, options);
    if (key(search) !== key(wanted)) return undefined;
    // Whoever suggests trials reads all of them.
    await new SearchChunks().trials(store, study.chunks, options);
    return study;
  };
  for (const each of before.toReversed()) {
    const study = await unlessDamaged(store, studyOf(each), options);
    if (study) return study;
  }
  return undefined;
}
