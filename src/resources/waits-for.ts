import type { Client } from '@temporalio/client';
import { classQueue, ORDINARY_CLASS, waitsForText, type WaitsFor } from '../domain/resources.js';
import { workersOn, type Work } from './find-workers.js';

/** `PENDING_ACTIVITY_STATE_SCHEDULED`: no worker has taken it. `PENDING_ACTIVITY_STATE_STARTED`: one has. */
const [SCHEDULED, STARTED] = [1, 2];
/** A worker that has room takes what it finds sooner than this. */
const SOON_MS = 2000;

/** A step that needs a class of workers and that none has taken yet. */
export interface Waiting {
  readonly class: string;
  readonly waitsFor: WaitsFor;
  /** The same in a sentence without its end, with the command that helps. */
  readonly text: string;
}

/** A workflow as Temporal describes it. */
export interface Described {
  readonly executionConfig?: { readonly taskQueue?: Named | null } | null;
  readonly pendingActivities?: readonly PendingStep[] | null;
  readonly pendingChildren?: readonly { readonly workflowId?: string | null }[] | null;
}

interface PendingStep {
  readonly state?: number | null;
  readonly activityOptions?: { readonly taskQueue?: Named | null } | null;
  readonly scheduledTime?: { readonly seconds?: { toString(): string } | number | null } | null;
  readonly nextAttemptScheduleTime?: unknown;
}

interface Named {
  readonly name?: string | null;
}

/**
 * What steps of a run that need a class of workers wait for; undefined when all of them have a worker. Asks nothing while no
 * step waits on another queue than that of its workflow.
 */
export async function runWaitsFor(client: Client, run: Execution): Promise<Waiting | undefined> {
  return await classWaitsFor(client, await withSearch(client, await describe(client, run)));
}

/**
 * The same of a run that was described already, as one who stands beside it sees it: without a worker of the ordinary class,
 * which would run its workflow, it cannot say that it waits for one.
 */
export async function describedWaitsFor(client: Client, run: Described): Promise<Waiting | undefined> {
  const all = await withSearch(client, run);
  const waiting = await classWaitsFor(client, all);
  if (waiting) return waiting;
  const isWorkedOn = all.some(({ pendingActivities }) => pendingActivities?.some(({ state }) => state === STARTED));
  return isWorkedOn
    ? undefined
    : await queueWithoutWorker(client, run.executionConfig?.taskQueue?.name ?? '', 'activities');
}

/** What everything on a task queue waits for when nobody there takes such work. */
export async function queueWithoutWorker(client: Client, taskQueue: string, work: Work): Promise<Waiting | undefined> {
  if ((await workersOn(client, taskQueue, work)) > 0) return undefined;
  return { class: ORDINARY_CLASS, waitsFor: 'worker', text: waitsForText('worker', ORDINARY_CLASS, taskQueue) };
}

interface Execution {
  readonly workflowId: string;
  readonly runId?: string;
}

async function describe({ workflowService, options }: Client, execution: Execution): Promise<Described> {
  return await workflowService.describeWorkflowExecution({ namespace: options.namespace, execution });
}

/** The run and the search that it may have started. */
async function withSearch(client: Client, run: Described): Promise<Described[]> {
  const search = run.pendingChildren?.find(({ workflowId }) => workflowId?.endsWith('/search'));
  return search?.workflowId ? [run, await describe(client, { workflowId: search.workflowId })] : [run];
}

async function classWaitsFor(client: Client, workflows: readonly Described[]): Promise<Waiting | undefined> {
  for (const described of workflows) {
    const waiting = await stepWaitsFor(client, described);
    if (waiting) return waiting;
  }
  return undefined;
}

async function stepWaitsFor(client: Client, described: Described): Promise<Waiting | undefined> {
  const own = described.executionConfig?.taskQueue?.name ?? '';
  for (const step of described.pendingActivities ?? []) {
    const taskQueue = step.activityOptions?.taskQueue?.name ?? own;
    if (!taskQueue.startsWith(classQueue(own, '')) || step.state !== SCHEDULED) continue;
    const waits = await queueWaitsFor(client, taskQueue, step);
    const name = taskQueue.slice(classQueue(own, '').length);
    if (waits) return { class: name, waitsFor: waits, text: waitsForText(waits, name, own) };
  }
  return undefined;
}

async function queueWaitsFor(
  client: Client,
  taskQueue: string,
  { nextAttemptScheduleTime, scheduledTime }: PendingStep,
): Promise<WaitsFor | undefined> {
  if ((await workersOn(client, taskQueue)) === 0) return 'worker';
  // Between two attempts it waits for its time, and not for room.
  if (nextAttemptScheduleTime) return undefined;
  return Date.now() - Number(scheduledTime?.seconds ?? 0) * 1000 > SOON_MS ? 'room' : undefined;
}
