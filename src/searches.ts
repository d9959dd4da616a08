import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Ref, Sha256 } from './domain/artifact.js';
import {
  addCounts,
  betterOf,
  searchId,
  type BestTrial,
  type Search,
  type Study,
  type Trial,
  type TrialCounts,
} from './domain/search.js';
import { trialTotals } from './domain/search-totals.js';
import { ArtifactMissingError, NotFoundError } from './errors.js';
import { searchByWorkflow, type FoundSearch } from './search-under-way.js';
import type { StoredSpec } from './spec/spec.js';
import { readManifest, readManifestOf } from './stores/blobs.js';
import { readRunRecord, recordedRuns } from './stores/run-records.js';
import { SearchChunks } from './stores/search-chunks.js';
import type { ArtifactStore } from './stores/store.js';

/** A search with its trials, also of one under way. */
export interface SearchReport {
  readonly model: string;
  readonly run: number;
  readonly search: Search;
  /** By number. */
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
  /** Absent when it has ended. */
  readonly underWay?: SearchUnderWay;
}

export interface SearchUnderWay {
  /** Trials that it will have at most. */
  readonly planned: number;
  /** How many of the trials so far are of chunks that have not ended. */
  readonly noted: number;
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
  const found = (await recordedStudy(store, model, run)) ?? (await askedSearch(temporal, store, model, run));
  return typeof found === 'string'
    ? await byStudy(store, model, run, found)
    : await byWorkflow(store, model, run, found);
}

async function byStudy(store: ArtifactStore, model: string, run: number, sha256: string): Promise<SearchReport> {
  const { points, ...study } = await readManifestOf<Study>(store, 'study', sha256);
  const { counts, seconds, money, chunks } = study;
  const [search, trials] = await Promise.all([
    readManifest<Search>(store, study.search),
    new SearchChunks().trials(store, chunks),
  ]);
  const spec = money > 0 ? await specOf(store, search) : undefined;
  const totals = { counts, seconds, money, ...currencyOf(spec, money) };
  return { model, run, search, trials, ...totals, ...bestOf(trials, study.best), study: { sha256, points } };
}

async function byWorkflow(
  store: ArtifactStore,
  model: string,
  run: number,
  { state, noted, isUnderWay }: FoundSearch,
): Promise<SearchReport> {
  if (state.search === undefined) throw await notFound(store, model, run, 'it has not begun yet');
  const [search, ended] = await Promise.all([
    readManifest<Search>(store, state.search),
    new SearchChunks().trials(store, state.chunks),
  ]);
  const known = new Set(ended.map(({ number }) => number));
  const more = noted.filter(({ number }) => !known.has(number));
  const spec = state.money > 0 || more.length > 0 ? await specOf(store, search) : undefined;
  const added = trialTotals(spec ?? FREE, search, more);
  const trials = [...ended, ...more].toSorted((a, b) => a.number - b.number);
  const money = state.money + added.money;
  return {
    model,
    run,
    search,
    trials,
    counts: addCounts(state.counts, added.counts),
    ...bestOf(trials, betterOf(state.best, added.best, search.direction)),
    seconds: state.seconds + added.seconds,
    money,
    ...currencyOf(spec, money),
    ...(state.stopped !== undefined && { stopped: state.stopped }),
    ...(isUnderWay && { underWay: { planned: state.trials, noted: more.length } }),
  };
}

/** What trials cost when the spec that says so is lost. */
const FREE = {
  trainer: { resources: { gpus: 0 } },
  cost: { currency: '', cpuHour: 0, memoryGibHour: 0, gpuHour: 0, gib: 0 },
};

function bestOf(trials: readonly Trial[], best: BestTrial | undefined): { readonly best?: Trial } {
  const found = best && trials.find(({ number }) => number === best.number);
  return found ? { best: found } : {};
}

function currencyOf(spec: StoredSpec['spec'] | undefined, money: number): { readonly currency?: string } {
  return spec && money > 0 ? { currency: spec.cost.currency } : {};
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

async function specOf(store: ArtifactStore, { spec }: Search): Promise<StoredSpec['spec'] | undefined> {
  try {
    return (await readManifestOf<StoredSpec>(store, 'spec', spec)).spec;
  } catch (error) {
    if (error instanceof ArtifactMissingError) return undefined;
    throw error;
  }
}

async function askedSearch(
  temporal: Client,
  store: ArtifactStore,
  model: string,
  run: number,
): Promise<FoundSearch | Sha256> {
  try {
    return await searchByWorkflow(temporal, store, searchId(model, run));
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
