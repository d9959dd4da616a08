import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleOverlapPolicy, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RunOutcome } from '../domain/loop.js';
import { runId, scheduleId, type RunRecord } from '../domain/run.js';
import { ServiceUnreachableError } from '../errors.js';
import type { Stage } from './stage.js';

const POLL_MS = 50;
/** Triggers of one second are one. */
const APART_MS = 1100;
const AGAIN_MS = 3000;
/** Several times what the slowest run of the demo takes. */
const PATIENCE_MS = 120_000;

/**
 * Triggers the Schedule of a model, as its clock would (an overlap is skipped), waits until the run that it asked for has
 * ended, and returns the run's record.
 *
 * @param during called once, when the run's training is under way
 */
export async function scheduledRun(
  stage: Stage,
  model: string,
  during?: (run: number) => Promise<void>,
): Promise<RunRecord> {
  const outcome = outcomeOf(stage, await trigger(stage, model));
  if (during) await Promise.race([outcome, trainingUnderWay(stage, model, outcome).then(during)]);
  const { run } = await outcome;
  return await stage.perennial.run(model, run);
}

/**
 * Triggers the Schedule and returns the id of the workflow that it started. A trigger can come to nothing: the Schedule
 * hears of the end of its last workflow a little later than we do, and takes two triggers within one second for one.
 * Then it is triggered again.
 */
async function trigger(stage: Stage, model: string): Promise<string> {
  const schedule = stage.temporal.schedule.getHandle(scheduleId(model));
  const look = async () => {
    const { info } = await schedule.describe();
    const ids = info.recentActions.flatMap(({ action }) =>
      action.type === 'startWorkflow' ? [action.workflow.workflowId] : [],
    );
    return { ids, busy: info.runningActions.length > 0, last: info.recentActions.at(-1)?.takenAt.getTime() ?? 0 };
  };
  const before = await soon(stage, 'the Schedule to be free', async () => {
    const now = await look();
    return now.busy || Date.now() < now.last + APART_MS ? undefined : now;
  });
  let triggered = 0;
  return await soon(stage, 'the Schedule to start its workflow', async () => {
    if (Date.now() > triggered + AGAIN_MS) {
      await schedule.trigger(ScheduleOverlapPolicy.SKIP);
      triggered = Date.now();
    }
    return (await look()).ids.find((id) => !before.ids.includes(id));
  });
}

/** How often the training step of a run was started: once, and once more for every worker that died on the way. */
export async function trainingAttempts(stage: Stage, model: string, run: number): Promise<number> {
  const { events } = await stage.temporal.workflow.getHandle(runId(model, run)).fetchHistory();
  const scheduled = events?.find(
    ({ activityTaskScheduledEventAttributes: step }) => step?.activityType?.name === 'perennial.train',
  );
  const start = events?.find(
    ({ activityTaskStartedEventAttributes: step }) => scheduled && step?.scheduledEventId?.eq(scheduled.eventId ?? 0),
  );
  return start?.activityTaskStartedEventAttributes?.attempt ?? 0;
}

/** The run's number, from the moment its training has begun; not when it ended before that was seen. */
async function trainingUnderWay(stage: Stage, model: string, outcome: Promise<unknown>): Promise<number> {
  let over = false;
  const end = () => {
    over = true;
  };
  void outcome.then(end, end);
  return await soon(stage, 'a training to begin', async () => {
    if (over) throw tooSlow('a training to begin, and the run has ended');
    const run = (await stage.perennial.status(model)).loop?.current?.run;
    if (run === undefined) return undefined;
    const raw = await describeRun(stage, model, run);
    // 2 is "started" in Temporal's protocol: a worker has it.
    const trains = raw?.pendingActivities?.some(
      ({ activityType, state }) => activityType?.name === 'perennial.train' && Number(state) === 2,
    );
    return trains === true ? run : undefined;
  });
}

async function describeRun(stage: Stage, model: string, run: number) {
  try {
    return (await stage.temporal.workflow.getHandle(runId(model, run)).describe()).raw;
  } catch (error) {
    // The loop has chosen the number and is about to start the run.
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** What the workflow of the Schedule ended with, whether or not the run succeeded. */
async function outcomeOf(stage: Stage, workflowId: string): Promise<Pick<RunOutcome, 'run'>> {
  stage.signal.throwIfAborted();
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const late = new Promise<never>((_, reject) => {
    patience.addEventListener('abort', () => reject(tooSlow('the run to end')), { once: true });
  });
  try {
    const result = stage.temporal.workflow.getHandle(workflowId).result();
    return (await Promise.race([result, late])) as RunOutcome;
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) {
      const [outcome] = (error.cause.details ?? []) as Partial<RunOutcome>[];
      if (outcome?.run !== undefined) return { run: outcome.run };
    }
    throw error;
  }
}

async function soon<T>({ signal }: Stage, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
  throw tooSlow(what);
}

function tooSlow(what: string): ServiceUnreachableError {
  return new ServiceUnreachableError(`Cannot go on with the demo: waited ${PATIENCE_MS / 1000} s for ${what}`, {
    fix: 'Look at the workflows in the Temporal UI.',
  });
}
