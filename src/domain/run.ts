import type { Ref, Sha256 } from './artifact.js';
import type { StepRecord } from './attempt.js';
import type { Cost } from './cost.js';
import type { Metrics } from './evaluation.js';
import type { ModelBundle } from './model.js';
import type { ResourcePlan } from './resources.js';
import type { SearchPlan } from './search.js';
import type { Trigger } from './trigger.js';
import type { RuleOutcome, VerdictKind } from './verdict.js';

/** The stages of a run in their order: the values of the search attribute PerennialStage. */
export const STAGES = [
  'ingest',
  'validate',
  'split',
  'search',
  'train',
  'evaluate',
  'judge',
  'register',
  'rollout',
  'done',
] as const;
export type Stage = (typeof STAGES)[number];

/** What a run needs to know of the spec while it decides; made once, at `apply`, and kept in the histories. */
export interface RunPlan {
  /** The stored spec. */
  readonly spec: Ref;
  /** The objective, in the business's words. */
  readonly objective: string;
  readonly owners: { readonly data: string; readonly model: string; readonly business: string };
  /** Wall time of training, in milliseconds. */
  readonly trainTimeoutMs: number;
  /** How long live servers have to answer with a new model, in milliseconds. */
  readonly rolloutTimeoutMs: number;
  /** Least time after the start of a run before anything but a person may start another, in milliseconds. */
  readonly cooldownMs: number;
  /** Where trainings run. Absent in plans of old: on workers of the ordinary class. */
  readonly resources?: ResourcePlan;
  /** Absent: hyperparameters are not searched. */
  readonly search?: SearchPlan;
}

export interface RunInput {
  readonly model: string;
  /** Counts the runs of one model from 1. */
  readonly run: number;
  readonly plan: RunPlan;
  readonly trigger: Trigger;
  /** The last snapshot that passed its contract; absent in the first run. */
  readonly snapshot?: Ref;
  /** Hyperparameters laid over the spec's for this run only. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** See `TrainingRequest`. */
  readonly asOf?: string;
  readonly promote?: boolean;
  readonly cache?: boolean;
}

/** Whether a step took the result of an earlier run on the very same inputs. `off`: it was told not to look. */
export type CacheUse = 'hit' | 'miss' | 'off';

/** What a run ends with. The first member is what people read first in the Temporal UI. */
export interface RunResult {
  /** One sentence for everybody: what came out and why. */
  readonly summary: string;
  readonly verdict: VerdictKind;
  /** The version that the candidate was registered as; absent when it was rejected. */
  readonly version?: number;
  /** The version that answers users when the run ended; 0 when none does yet. */
  readonly champion: number;
  readonly rows: RunRows;
  readonly rules: readonly RuleOutcome[];
  readonly metrics: { readonly candidate: Metrics; readonly champion?: Metrics; readonly difference?: Metrics };
  readonly evidence: Evidence;
  readonly snapshot: Ref;
  /** Live servers that answer with the new model; absent when nothing was promoted. */
  readonly servers?: readonly string[];
  /** What the data check told without stopping the run, one sentence each; absent when there was nothing. */
  readonly warnings?: readonly string[];
}

export interface RunRows {
  /** Rows of the snapshot. */
  readonly total: number;
  /** Rows that this run read from the sources. */
  readonly new: number;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Digests of everything that went into a run and came out of it, as far as it went. */
export interface Evidence {
  readonly spec: Sha256;
  readonly snapshot?: Sha256;
  /** What was new, changed and gone at the sources. */
  readonly changes?: Sha256;
  readonly report?: Sha256;
  readonly split?: Sha256;
  /** The study that chose the hyperparameters. */
  readonly study?: Sha256;
  readonly bundle?: Sha256;
  readonly evaluation?: Sha256;
}

/** Codes of failures that are the run's own, beside those of the errors that its steps throw. */
export const RUN_CODES = {
  cancelled: 'RUN.CANCELLED',
  timeout: 'RUN.TIMEOUT',
  failed: 'RUN.FAILED',
  bug: 'RUN.BUG',
} as const;

/** Why a run failed. */
export interface RunFailure {
  readonly stage: Stage;
  /** The error's code, for example DATA.CONTRACT, or one of {@link RUN_CODES}; see docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

/** What a model needs to be trained again to the same bytes: that of the candidate's bundle, beside the evidence. */
export type TrainingRecord = ModelBundle['trainer'];

/** The terminal record of a run: `runs/<model>/<run>.json`, created once. */
export interface RunRecord {
  readonly schemaVersion: 1;
  readonly model: string;
  readonly run: number;
  readonly workflowId: string;
  /** Temporal's id of the execution: tells it from an earlier one under the same workflow id. */
  readonly executionId: string;
  readonly trigger: Trigger;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly outcome: VerdictKind | 'FAILED';
  readonly summary: string;
  /** See `TrainingRequest`. */
  readonly asOf?: string;
  readonly promote?: boolean;
  /** By step, as far as the run went. */
  readonly cache?: Readonly<Record<string, CacheUse>>;
  /** By step, as far as the run went and as far as is known of it. */
  readonly steps?: Readonly<Record<string, StepRecord>>;
  /** By the rates of the spec; absent when it names none. */
  readonly cost?: Cost;
  /** Absent when nothing was trained. */
  readonly training?: TrainingRecord;
  readonly evidence: Evidence;
  readonly result?: RunResult;
  readonly failure?: RunFailure;
}

/** Workflow id of the loop of a model: what people see in the Temporal UI. */
export function loopId(model: string): string {
  return `perennial/${model}`;
}

/** Workflow id of one run. */
export function runId(model: string, run: number): string {
  return `perennial/${model}/run/${run}`;
}

/** Workflow id of the rollout that a run asked for. */
export function rolloutId(model: string, run: number): string {
  return `perennial/${model}/rollout/${run}`;
}

/** Id of the Temporal Schedule of a model, and the stem of the ids of the workflows that it starts. */
export function scheduleId(model: string): string {
  return `perennial/${model}/schedule`;
}

/** What the loop's memo says: who it is and which spec it works by, also while no worker runs. */
export interface LoopMemo {
  readonly perennial: {
    /** Digest of the stored spec. */
    readonly spec: Sha256;
    readonly objective: string;
    readonly owners: RunPlan['owners'];
    readonly paused: boolean;
    /** The run that ended last; 0 when none has. */
    readonly lastRun: number;
  };
}

export function loopMemo(
  { spec, objective, owners }: RunPlan,
  { paused = false, lastRun = 0 }: { readonly paused?: boolean; readonly lastRun?: number } = {},
): LoopMemo & Record<string, unknown> {
  return { perennial: { spec: spec.sha256, objective, owners, paused, lastRun } };
}
