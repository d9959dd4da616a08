import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { hyperparameterSearch } from '../workflows/hyperparameter-search.js';
import { searchStatus } from '../workflows/messages.js';
import type { Ref } from './domain/artifact.js';
import { searchId, type Search, type SearchState, type Study, type Trial, type TrialCounts } from './domain/search.js';
import { ArtifactMissingError, NotFoundError } from './errors.js';
import type { StoredSpec } from './spec.js';
import { readManifest, readManifestOf } from './stores/blobs.js';
import { readRunRecord, recordedRuns } from './stores/run-records.js';
import { SearchChunks } from './stores/search-chunks.js';
import type { ArtifactStore } from './stores/store.js';

/** A search with its trials, also of one under way. */
export interface SearchReport {
  readonly model: string;
  readonly run: number;
  readonly search: Search;
  /** By number; those of chunks that have ended. */
  readonly trials: readonly Trial[];
  readonly counts: TrialCounts;
  /** The best of them; absent while none is complete. */
  readonly best?: Trial;
  /** Of all trials together. */
  readonly seconds: number;
  readonly money: number;
  /** Of `money`, by the spec that was searched by; absent without money, and when that spec is lost. */
  readonly currency?: string;
  /** The study's manifest, and the Parquet file of its metric points; absent until it has ended well. */
  readonly study?: { readonly sha256: string; readonly points: Ref };
  /** Why it ended before its last trial, as far as the workflow tells. */
  readonly stopped?: string;
}

/**
 * The search of a run: by the run's record once it has one, else by the workflow.
 * @throws {NotFoundError} when the run has none; `details.other` is the newest run that has one, if any
 */
export async function findSearch(
  temporal: Client,
  store: ArtifactStore,
  model: string,
  run: number,
): Promise<SearchReport> {
  const sha256 = await recordedStudy(store, model, run);
  const found =
    sha256 === undefined
      ? await stateOf(temporal, store, model, run)
      : { ...(await readManifestOf<Study>(store, 'study', sha256)), sha256 };
  if (found.search === undefined) throw await notFound(store, model, run, 'it has not begun yet');
  const [search, trials] = await Promise.all([
    readManifest<Search>(store, found.search),
    new SearchChunks().trials(store, found.chunks),
  ]);
  const { counts, seconds, money } = found;
  const currency = money > 0 ? await currencyOf(store, search) : undefined;
  const best = found.best && trials.find(({ number }) => number === found.best?.number);
  return {
    model,
    run,
    search,
    trials,
    counts,
    ...(best && { best }),
    seconds,
    money,
    ...(currency !== undefined && { currency }),
    ...('points' in found && { study: { sha256: found.sha256, points: found.points } }),
    ...('stopped' in found && found.stopped !== undefined && { stopped: found.stopped }),
  };
}

/**
 * The newest run whose search ended well, by the records.
 * @returns undefined when there is none
 */
export async function newestSearched(store: ArtifactStore, model: string): Promise<number | undefined> {
  const runs = (await recordedRuns(store, model)).toReversed();
  for (let at = 0; at < runs.length; at += READ_AT_ONCE) {
    const some = runs.slice(at, at + READ_AT_ONCE);
    const records = await Promise.all(some.map((run) => readRunRecord(store, model, run)));
    const found = records.find(({ evidence }) => evidence.study !== undefined);
    if (found) return found.run;
  }
  return undefined;
}

const READ_AT_ONCE = 50;

async function recordedStudy(store: ArtifactStore, model: string, run: number): Promise<string | undefined> {
  try {
    return (await readRunRecord(store, model, run)).evidence.study;
  } catch (error) {
    if (error instanceof ArtifactMissingError) return undefined;
    throw error;
  }
}

async function currencyOf(store: ArtifactStore, { spec }: Search): Promise<string | undefined> {
  try {
    return (await readManifestOf<StoredSpec>(store, 'spec', spec)).spec.cost.currency;
  } catch (error) {
    if (error instanceof ArtifactMissingError) return undefined;
    throw error;
  }
}

async function stateOf(temporal: Client, store: ArtifactStore, model: string, run: number): Promise<SearchState> {
  try {
    return await temporal.workflow.getHandle<typeof hyperparameterSearch>(searchId(model, run)).query(searchStatus);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw await notFound(store, model, run, 'it has none', error);
    throw error;
  }
}

async function notFound(
  store: ArtifactStore,
  model: string,
  run: number,
  why: string,
  cause?: unknown,
): Promise<NotFoundError> {
  const other = await newestSearched(store, model);
  const found = other === undefined ? 'no run of this model has one' : `the newest run that has one is ${other}`;
  return new NotFoundError(`Cannot show the search of run ${run} of "${model}": ${why}; ${found}`, {
    fix: other === undefined ? `perennial show ${model} ${run}` : `perennial search show ${model} ${other}`,
    details: { model, run, ...(other !== undefined && { other }) },
    ...(cause !== undefined && { cause }),
  });
}
