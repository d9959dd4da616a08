import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { AttemptRecord, StepRecord } from '../src/domain/attempt.js';
import { sumUsage } from '../src/domain/cost.js';

/** What is written down of the steps of a run, by name. */
export type StepRecords = Readonly<Record<string, StepRecord>>;

/** With a step that is done. One that is done several times in a run, in parts, has the attempts of all of them. */
export function withDone(
  steps: StepRecords,
  step: string,
  { attempts = [] }: { readonly attempts?: readonly AttemptRecord[] },
): StepRecords {
  return withRecord(steps, step, { attempts });
}

/** With what a workflow of its own has written down of a step. */
export function withRecord(steps: StepRecords, step: string, record: StepRecord): StepRecords {
  const before = steps[step] ?? { attempts: [] };
  const attempts = [...before.attempts, ...record.attempts];
  if (attempts.length === 0) return steps;
  const unlisted = attempts.slice(0, -MOST_ATTEMPTS);
  const parts = [before.earlier, record.earlier].filter((part) => part !== undefined);
  const count = parts.reduce((sum, part) => sum + part.count, unlisted.length);
  const earlier = count > 0 && { earlier: { count, usage: sumUsage([...parts, ...unlisted]) } };
  return { ...steps, [step]: { attempts: attempts.slice(-MOST_ATTEMPTS), ...earlier } };
}

/** A search has hundreds of chunks; the record of a run stays small. */
const MOST_ATTEMPTS = 20;

/** With the step that failed, as far as the failure tells of its attempts. */
export function withFailed(steps: StepRecords, error: Error): StepRecords {
  const failure = activityFailure(error);
  if (!failure) return steps;
  const activity = failure.activityType.replace(/^perennial\./, '');
  return withDone(steps, OF_SEARCH.has(activity) ? 'search' : activity, { attempts: attemptsIn(failure.cause) });
}

/** Activities of one step of a run. */
const OF_SEARCH = new Set(['openSearch', 'runTrials', 'closeSearch']);

function activityFailure(error: Error): ActivityFailure | undefined {
  if (error instanceof ActivityFailure) return error;
  return error.cause instanceof Error ? activityFailure(error.cause) : undefined;
}

/** As `toFailure` of the activities puts them there, or the last heartbeat of an attempt that ran out of time. */
function attemptsIn(cause: Error | undefined): readonly AttemptRecord[] {
  if (cause instanceof ApplicationFailure) return (cause.details?.[1] as Told | undefined)?.attempts ?? [];
  if (!(cause instanceof TimeoutFailure)) return [];
  const { attempts = [], current } = (cause.lastHeartbeatDetails ?? {}) as Told;
  return current ? [...attempts, { ...current, end: 'timeout', reason: cause.message }] : attempts;
}

interface Told {
  readonly attempts?: readonly AttemptRecord[];
  readonly current?: Omit<AttemptRecord, 'end'>;
}
