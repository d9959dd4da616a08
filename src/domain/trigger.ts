/** Why a run was asked for. */
export type TriggerKind = 'schedule' | 'manual' | 'new-data' | 'drift' | 'decay' | 'age';

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
  /** Workflow that the loop signals when the run that serves this request has ended. */
  readonly replyTo?: string;
}

/** The loop's answer to a request for training. Every request gets exactly one. */
export type TrainingAnswer =
  | { readonly message: string; readonly outcome: 'started' | 'queued' | 'coalesced'; readonly run: number }
  | { readonly message: string; readonly outcome: 'refused'; readonly reason: RefusalReason };

/** `busy`: one run is under way and another waits with different parameters. */
export type RefusalReason = 'paused' | 'cooldown' | 'busy';
