import type { Ref, Sha256 } from './artifact.js';
import type { StepRecord } from './attempt.js';
import type { ResourcePlan } from './resources.js';
import type { CacheUse } from './run.js';

/** What a hyperparameter of a trial can be. */
export type ParameterValue = string | number | boolean;
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** `pruned`: stopped early, as others were better at the same step. `failed`: the trainer gave no value. */
export type TrialState = 'complete' | 'pruned' | 'failed';

/** One fit with one set of hyperparameters, as the study keeps it. */
export interface Trial {
  /** Counts the trials of a search from 0. */
  readonly number: number;
  readonly state: TrialState;
  /** Of the dimensions of the space that apply. */
  readonly parameters: Parameters;
  /** Of the searched metric on the validation rows; of a pruned trial at its last step. */
  readonly value?: number;
  /** All that was measured at the end. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** The searched metric at steps (trees, epochs), in their order. */
  readonly points?: readonly (readonly [step: number, value: number])[];
  /** Why it failed. */
  readonly reason?: string;
  readonly seconds: number;
  readonly cpuSeconds?: number;
  /** What the sampler wants to find again. */
  readonly notes?: Readonly<Record<string, unknown>>;
}

/** Trials that were run one after the other: `manifests/trials/<digest>.json`. All of them together are the study. */
export interface TrialChunk {
  readonly kind: 'trials';
  readonly schemaVersion: 1;
  /** The chunks whose trials these ones were suggested from, and by way of those all before them. */
  readonly before: readonly Ref[];
  readonly trials: readonly Trial[];
  /** What the trials have printed, in lines as {@link trialLogLine} makes them, capped and redacted: a blob. */
  readonly log?: Ref;
}

/** A line of a trial in the log of its chunk; what was printed before any trial has no number. */
export function trialLogLine(trial: number | undefined, line: string): string {
  return trial === undefined ? line : `trial ${trial}: ${line}`;
}

/** What a search is about, fixed before its first trial: `manifests/search/<digest>.json`. */
export interface Search {
  readonly kind: 'search';
  readonly schemaVersion: 1;
  readonly model: string;
  readonly spec: Sha256;
  readonly split: Sha256;
  readonly sampler: string;
  /** By name; a dimension that the run gives a value of its own is not in it. See `search.space` of the spec. */
  readonly space: Readonly<Record<string, Dimension>>;
  readonly pruner: Pruner;
  readonly seed: number;
  readonly metric: string;
  readonly direction: Direction;
  /** Hyperparameters that all trials have beside their own. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** Of the first trials, in their order. */
  readonly first: readonly Parameters[];
  /** The newest chunks of an earlier study whose trials count as known. */
  readonly known: readonly Ref[];
}

/** A study that has ended: `manifests/study/<digest>.json`. */
export interface Study {
  readonly kind: 'study';
  readonly schemaVersion: 1;
  readonly model: string;
  readonly run: number;
  readonly search: Ref;
  /** The newest chunks; by way of them all. */
  readonly chunks: readonly Ref[];
  readonly counts: TrialCounts;
  readonly best: BestTrial & { readonly parameters: Parameters };
  readonly seconds: number;
  readonly money: number;
  /** Parquet with the columns trial, step, metric and value. */
  readonly points: Ref;
}

export type Direction = 'minimize' | 'maximize';

/** When a dimension applies: when each of these others has one of the values. */
export type When = Readonly<Record<string, readonly ParameterValue[]>>;

interface Numbers {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step?: number | undefined;
  readonly when?: When | undefined;
}

export type Dimension =
  | ({ readonly type: 'float' } & Numbers)
  | ({ readonly type: 'int' } & Numbers)
  | { readonly type: 'categorical'; readonly values: readonly ParameterValue[]; readonly when?: When | undefined };

export type Pruner =
  | { readonly kind: 'none' }
  | { readonly kind: 'halving'; readonly first: number; readonly factor: number }
  | { readonly kind: 'median'; readonly warmup: number; readonly after: number };

/** What the workflow needs to know of a search while it decides; part of the run's plan. */
export interface SearchPlan {
  readonly sampler: string;
  readonly metric: string;
  readonly direction: Direction;
  readonly trials: number;
  /** Chunks at the same time. */
  readonly parallel: number;
  /** Most trials of a chunk. */
  readonly chunk: number;
  /** No trial begins after this many milliseconds. */
  readonly timeMs?: number;
  /** No trial begins when this is spent. */
  readonly money?: number;
  /** Of all money; absent in plans of older versions. */
  readonly currency?: string;
}

/** Trials `from` to `from + count - 1`. */
export interface TrialRange {
  readonly from: number;
  readonly count: number;
}

export type TrialCounts = Readonly<Record<TrialState, number>>;

export interface BestTrial {
  readonly number: number;
  readonly value: number;
}

/** How far a search is: its query, and what it carries over when it goes on in a new execution. */
export interface SearchState {
  readonly model: string;
  readonly run: number;
  readonly plan: SearchPlan;
  /** At most; fewer than planned when the space has fewer points. */
  readonly trials: number;
  /** Absent until it has begun. */
  readonly search?: Ref;
  /** What is searched and what it began with, in a sentence. */
  readonly about?: string;
  /** Absent until it has begun. */
  readonly cache?: CacheUse;
  readonly startedAt: string;
  /** The newest chunks; by way of them all. */
  readonly chunks: readonly Ref[];
  readonly counts: TrialCounts;
  readonly best?: BestTrial & { readonly parameters: Parameters };
  /** Each best so far, oldest first, at most the newest thirty: the curve of the search. */
  readonly curve: readonly BestTrial[];
  /** Of all trials together. */
  readonly seconds: number;
  readonly money: number;
  /** Who did what: the attempts of its activities. */
  readonly record?: StepRecord;
  /** Why it ended before its last trial, in half a sentence. */
  readonly stopped?: string;
}

export interface SearchInput {
  readonly model: string;
  readonly run: number;
  readonly plan: SearchPlan;
  readonly spec: Ref;
  readonly split: Ref;
  /** Wall time of one trial, in milliseconds. */
  readonly timeoutMs: number;
  /** See `RunPlan`. */
  readonly resources?: ResourcePlan;
  /** Hyperparameters of this run, which are not searched. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** See `TrainingRequest`. */
  readonly cache?: boolean;
  /** Of an execution that went on as a new one. */
  readonly carried?: { readonly state: SearchState; readonly open: readonly TrialRange[] };
}

/** What a search ends with. */
export interface SearchResult {
  readonly summary: string;
  /** Of the best trial. */
  readonly parameters: Parameters;
  readonly best: BestTrial;
  readonly counts: TrialCounts;
  readonly seconds: number;
  readonly money: number;
  /** The study's manifest. */
  readonly study: Ref;
  /** Whether it is that of an earlier run on the very same rows. */
  readonly cache: CacheUse;
  readonly record: StepRecord;
}

/** Workflow id of the search of a run. */
export function searchId(model: string, run: number): string {
  return `perennial/${model}/run/${run}/search`;
}

export const NO_TRIALS: TrialCounts = { complete: 0, pruned: 0, failed: 0 };

export function addCounts(a: TrialCounts, b: TrialCounts): TrialCounts {
  return { complete: a.complete + b.complete, pruned: a.pruned + b.pruned, failed: a.failed + b.failed };
}

export function trialsOf({ complete, pruned, failed }: TrialCounts): number {
  return complete + pruned + failed;
}

export function isBetter(value: number, than: number, direction: Direction): boolean {
  return direction === 'minimize' ? value < than : value > than;
}

/** The better of two; of equals the one with the lower number. */
export function betterOf<T extends BestTrial>(a: T | undefined, b: T | undefined, direction: Direction): T | undefined {
  if (!a || !b) return a ?? b;
  if (a.value === b.value) return a.number <= b.number ? a : b;
  return isBetter(a.value, b.value, direction) ? a : b;
}

/**
 * Takes the next trials of those that nobody runs: an even share for each chunk at the same time, at most `most`. Gives
 * also what is left; undefined when nothing is.
 */
export function takeTrials(
  open: readonly TrialRange[],
  { parallel, most }: { readonly parallel: number; readonly most: number },
): { readonly taken: TrialRange; readonly open: readonly TrialRange[] } | undefined {
  const [next, ...others] = open;
  if (!next) return undefined;
  const left = open.reduce((sum, { count }) => sum + count, 0);
  const count = Math.min(next.count, most, Math.ceil(left / parallel));
  const rest = { from: next.from + count, count: next.count - count };
  return { taken: { from: next.from, count }, open: rest.count > 0 ? [rest, ...others] : others };
}

/** Puts back what a chunk did not come to, in the order of the numbers. */
export function putBack(open: readonly TrialRange[], { from, count }: TrialRange, done: number): TrialRange[] {
  const rest = { from: from + done, count: count - done };
  return [...open, ...(rest.count > 0 ? [rest] : [])].toSorted((a, b) => a.from - b.from);
}

/** `best so far` in the words of people: `brier 0.0912 in trial 17`. */
export function bestText({ metric }: Pick<SearchPlan, 'metric'>, { number, value }: BestTrial): string {
  return `${metric} ${shownValue(value)} in trial ${number}`;
}

/** A value of a metric with four digits that count. */
export function shownValue(value: number): string {
  return String(Number(value.toPrecision(4)));
}
