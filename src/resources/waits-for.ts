import type { Client } from '@temporalio/client';
import { classQueue, waitsForText, type WaitsFor } from '../domain/resources.js';
import { workersOn } from './find-workers.js';

/** `PENDING_ACTIVITY_STATE_SCHEDULED`: no worker has taken it. */
const SCHEDULED = 1;
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

/** What a run waits for; undefined when all its steps have a worker, or when it has ended. */
export async function runWaitsFor(client: Client, run: Execution): Promise<Waiting | undefined> {
  return await describedWaitsFor(client, await describe(client, run));
}

/**
 * The same of a run that was described already, with the search that it may have started. Asks nothing while no step waits on
 * another queue than that of its workflow.
 */
export async function describedWaitsFor(client: Client, run: Described): Promise<Waiting | undefined> {
  const waiting = await stepWaitsFor(client, run);
  const search = run.pendingChildren?.find(({ workflowId }) => workflowId?.endsWith('/search'));
  if (waiting || !search?.workflowId) return waiting;
  return await stepWaitsFor(client, await describe(client, { workflowId: search.workflowId }));
}

interface Execution {
  readonly workflowId: string;
  readonly runId?: string;
}

async function describe({ workflowService, options }: Client, execution: Execution): Promise<Described> {
  return await workflowService.describeWorkflowExecution({ namespace: options.namespace, execution });
}

async function stepWaitsFor(client: Client, described: Described): Promise<Waiting | undefined> {
  const own = described.executionConfig?.taskQueue?.name ?? '';
  for (const step of described.pendingActivities ?? []) {
    const taskQueue = step.activityOptions?.taskQueue?.name ?? own;
    // Between two attempts it waits for its time.
    if (!taskQueue.startsWith(classQueue(own, '')) || step.state !== SCHEDULED || step.nextAttemptScheduleTime)
      continue;
    const waits = await queueWaitsFor(client, taskQueue, Number(step.scheduledTime?.seconds ?? 0) * 1000);
    const name = taskQueue.slice(classQueue(own, '').length);
    if (waits) return { class: name, waitsFor: waits, text: waitsForText(waits, name, own) };
  }
  return undefined;
}

async function queueWaitsFor(client: Client, taskQueue: string, sinceMs: number): Promise<WaitsFor | undefined> {
  if ((await workersOn(client, taskQueue)) === 0) return 'worker';
  return Date.now() - sinceMs > SOON_MS ? 'room' : undefined;
}
