/** Why a run was asked for. */
export type TriggerKind = 'schedule' | 'manual' | 'new-data' | 'drift' | 'decay' | 'age';

export interface Trigger {
  readonly kind: TriggerKind;
  /** Who or what asked: a person's name, a schedule's id. */
  readonly by: string;
  readonly reason: string;
}

/** The loop's answer to a request for training. Every request gets exactly one. */
export type TrainingAnswer =
  | { readonly outcome: 'started'; readonly run: number; readonly workflowId: string; readonly message: string }
  | { readonly outcome: 'queued'; readonly run: number; readonly workflowId: string; readonly message: string }
  | { readonly outcome: 'coalesced'; readonly run: number; readonly workflowId: string; readonly message: string }
  | { readonly outcome: 'refused'; readonly reason: 'paused' | 'cooldown'; readonly message: string };
