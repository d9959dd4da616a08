import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowExecutionDescription } from '@temporalio/client';

/** Temporal's `PENDING_ACTIVITY_STATE_PAUSED` and `PENDING_ACTIVITY_STATE_PAUSE_REQUESTED`. */
const PAUSED: ReadonlySet<unknown> = new Set([4, 5]);

/** The step of a run that is under way, as Temporal knows it. */
export interface StepUnderWay {
  readonly attempt: number;
  /** By somebody, in the Temporal UI or CLI: it stays so until somebody ends that. */
  readonly paused: boolean;
  /** What it last said of itself. */
  readonly progress?: string;
  /** Why the attempt before this one failed, also while this one waits for its time. */
  readonly failure?: string;
  /** Id of the activity, for Temporal's CLI. */
  readonly activityId: string;
}

type PendingStep = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** Undefined between two steps, and while a child does the work. */
export function stepUnderWay({ raw }: WorkflowExecutionDescription): StepUnderWay | undefined {
  const step = raw.pendingActivities?.find(({ activityType }) => activityType?.name !== 'perennial.watchWorkers');
  if (!step) return undefined;
  const progress = progressOf(step);
  const failure = failureOf(step);
  return {
    activityId: step.activityId ?? '',
    attempt: step.attempt ?? 1,
    paused: PAUSED.has(step.state),
    ...(progress !== undefined && { progress }),
    ...(failure && { failure }),
  };
}

/** As people read it, a line each; nothing of a first attempt that said nothing. */
export function stepLines(workflowId: string, step: StepUnderWay): string[] {
  const { attempt, paused, progress, activityId } = step;
  const at = `--workflow-id ${workflowId} --activity-id ${activityId}`;
  return [
    ...(progress === undefined ? [] : [`It is at: ${progress}`]),
    ...(attempt > 1 ? [`This is ${attemptText(step)}`] : []),
    ...(paused ? [`Somebody has paused it; to let it go on: temporal activity unpause ${at}`] : []),
  ];
}

/** The number of an attempt, and why there is more than one. */
export function attemptText({ attempt, failure }: StepUnderWay): string {
  return `attempt ${attempt}${failure === undefined ? '' : `; the one before: ${failure}`}`;
}

/** Of one that is too long Temporal keeps a part, below a failure of its own. */
function failureOf({ lastFailure }: PendingStep): string | undefined {
  return (lastFailure?.serverFailureInfo ? lastFailure.cause?.message : undefined) ?? lastFailure?.message ?? undefined;
}

/** Heartbeats that a codec has encrypted say nothing here. */
function progressOf({ heartbeatDetails }: PendingStep): string | undefined {
  try {
    const [payload] = heartbeatDetails?.payloads ?? [];
    const said = payload && defaultPayloadConverter.fromPayload<{ progress?: { message?: unknown } }>(payload);
    return typeof said?.progress?.message === 'string' ? said.progress.message : undefined;
  } catch {
    return undefined;
  }
}
