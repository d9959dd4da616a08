import type { Sha256 } from './artifact.js';

/** Why a run was asked for. */
export type TriggerKind = 'schedule' | 'manual' | 'backfill' | 'new-data' | 'drift' | 'decay' | 'age';

export interface Trigger {
  readonly kind: TriggerKind;
  /** Who or what asked: a person's name, a schedule's id. */
  readonly by: string;
  readonly reason: string;
}

/** A request for training, as the loop receives it. */
export interface TrainingRequest {
  readonly trigger: Trigger;
  /** Hyperparameters laid over the spec's for this run only. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Work as if this were the end of time: rows from then on are left out. ISO 8601 in UTC. Default: all rows. */
  readonly asOf?: string;
  /** `false`: whatever the verdict, the champion stays. Default: a PROMOTE is rolled out. */
  readonly promote?: boolean;
  /** Digest of the stored spec that the request is about: it is refused when the loop works by another one by then. */
  readonly spec?: Sha256;
  /** `false`: every step is done anew and nothing is taken from the step cache. Default: as the spec says. */
  readonly cache?: boolean;
  /** Workflow that the loop signals when the run that serves this request has ended. */
  readonly replyTo?: string;
}

/** The loop's answer to a request for training. Every request gets exactly one. */
export type TrainingAnswer =
  | { readonly message: string; readonly outcome: 'started' | 'queued' | 'coalesced'; readonly run: number }
  | { readonly message: string; readonly outcome: 'refused'; readonly reason: RefusalReason };

/**
 * `busy`: another run that does something else waits already, or, for a backfill, anything is under way. `changed`: the
 * loop works by another spec than the one that the request is about.
 */
export type RefusalReason = 'paused' | 'cooldown' | 'busy' | 'changed';
