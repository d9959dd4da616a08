import {
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
  type ActivityOptions,
  type LocalActivityOptions,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { classQueue, type ResourcePlan } from '../src/domain/resources.js';

/*
 * The steps that workflows are made of, each an activity with the timeouts of its kind. The summary is what people read
 * on the timeline of the Temporal UI: together the summaries of a run tell its story.
 */

/**
 * What can heal is tried for a day: an outage of the store or of a source costs a run time, not its work. What cannot
 * heal says so itself (`activities/failures.ts`).
 */
const PATIENCE = '1 day';
const RETRY = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** Every activity sends a heartbeat from a timer: a worker that died is noticed this soon, and another starts over. */
const heartbeatTimeout = '4s';

/** A few requests to the store or to Temporal. */
const QUICK: ActivityOptions = {
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: PATIENCE,
  heartbeatTimeout,
  retry: RETRY,
};

/** What is done in milliseconds is tried here, within the task of the workflow: no server has to hand it on. */
const HERE: LocalActivityOptions = { startToCloseTimeout: '3s', retry: { maximumAttempts: 1 } };

/** Reads and writes data: as long as it takes. */
const DATA: ActivityOptions = {
  startToCloseTimeout: '6h',
  scheduleToCloseTimeout: PATIENCE,
  heartbeatTimeout,
  retry: RETRY,
};

/** A training waits so long for a worker of its class and for room there: over a weekend, and over a fault found after it. */
const ROOM_MS = 7 * 86_400_000;

/**
 * Training, where it has what it needs. The trainer's own limit is the one that counts; these are for a worker that lost its
 * way, and for a class that never gets a worker.
 */
const training = (timeoutMs: number, resources?: ResourcePlan): ActivityOptions => {
  const own = workflowInfo().taskQueue;
  const taskQueue = classQueue(own, resources?.class);
  return {
    startToCloseTimeout: timeoutMs + ROOM_MS,
    scheduleToCloseTimeout: 3 * timeoutMs + ROOM_MS + 86_400_000,
    heartbeatTimeout,
    retry: RETRY,
    ...(taskQueue !== own && { taskQueue }),
  };
};

/** Looks on while another step waits. */
const WATCH: ActivityOptions = { startToCloseTimeout: '30 days', heartbeatTimeout, retry: RETRY };

/** Waits for servers, which are asked again and again. */
const deployment = (timeoutMs: number): ActivityOptions => ({
  startToCloseTimeout: timeoutMs + 30_000,
  heartbeatTimeout,
  retry: { ...RETRY, maximumAttempts: 2 },
});

export const ingest = step('perennial.ingest', DATA);
export const validate = step('perennial.validate', DATA);
export const split = step('perennial.split', DATA);
export const openSearch = step('perennial.openSearch', QUICK);
export const runTrials = step('perennial.runTrials', (input, resources) => training(input.timeoutMs, resources));
export const closeSearch = step('perennial.closeSearch', DATA);
export const train = step('perennial.train', (input, resources) => training(input.timeoutMs, resources));
export const watchWorkers = step('perennial.watchWorkers', WATCH);
export const evaluate = step('perennial.evaluate', DATA);
export const judge = step('perennial.judge', QUICK);
export const register = quickStep('perennial.register');
export const promote = step('perennial.promote', QUICK);
export const deploy = step('perennial.deploy', (input) => deployment(input.timeoutMs));
export const record = quickStep('perennial.record');
export const findOutcome = step('perennial.findOutcome', QUICK);
export const findBackfilled = step('perennial.findBackfilled', DATA);
export const askForTraining = step('perennial.askForTraining', QUICK);

type Input<K extends keyof Activities> = Parameters<Activities[K]>[0];

type OptionsOf<K extends keyof Activities> = (input: Input<K>, resources?: ResourcePlan) => ActivityOptions;

function step<K extends keyof Activities>(name: K, options: ActivityOptions | OptionsOf<K>) {
  return (summary: string, input: Input<K>, resources?: ResourcePlan) => {
    const kind = typeof options === 'function' ? options(input, resources) : options;
    const activities = proxyActivities<Activities>({ ...kind, summary });
    // One name of many: the compiler cannot see that this function takes this input.
    const activity = activities[name] as unknown as (input: Input<K>) => ReturnType<Activities[K]>;
    return activity(input);
  };
}

/** Tried here first. What does not work is an activity as the others are: with their patience, and for people to see. */
function quickStep<K extends keyof Activities>(name: K) {
  const patient = step(name, QUICK);
  return async (summary: string, input: Input<K>): Promise<Awaited<ReturnType<Activities[K]>>> => {
    const here = proxyLocalActivities<Activities>({ ...HERE, summary });
    // As above.
    const activity = here[name] as unknown as (input: Input<K>) => ReturnType<Activities[K]>;
    try {
      return await activity(input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      return await patient(summary, input);
    }
  };
}
