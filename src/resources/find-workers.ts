import type { Client } from '@temporalio/client';
import { classQueue } from '../domain/resources.js';

/** `WORKER_STATUS_RUNNING`: it is not being shut down. */
const RUNNING: number = 1;
/** `TASK_QUEUE_TYPE_ACTIVITY`. */
const ACTIVITIES = 2;
/** A worker that is not too busy asks for work at least once a minute, and Temporal remembers it for five. */
const POLLING_MS = 70_000;
/** A worker is given up when so many of its heartbeats did not come. */
const LATE_HEARTBEATS = 3;
/** What the heartbeats of a worker are late by though nothing is wrong. */
const TOLERANCE_MS = 1000;

/** How many workers a class has. */
export interface ClassWorkers {
  readonly class: string;
  readonly workers: number;
}

/** A worker that Temporal has heard of. */
interface Worker {
  readonly identity: string;
  readonly taskQueue: string;
  readonly isAlive: boolean;
}

/**
 * How many workers take activities of a task queue now. Those that send heartbeats (as `perennial worker` does each second)
 * count while these come, also when they are too busy to ask for work; the others when they have asked lately.
 */
export async function workersOn(client: Client, taskQueue: string): Promise<number> {
  const [pollers, beating] = await Promise.all([pollersOf(client, taskQueue), beatingWorkers(client, taskQueue)]);
  const silent = pollers.filter((identity) => !beating.some((worker) => worker.identity === identity));
  return beating.filter(({ isAlive }) => isAlive).length + new Set(silent).size;
}

/** The classes beside the ordinary one that have workers for the workflows of a task queue, sorted. */
export async function workersByClass(client: Client, taskQueue: string): Promise<ClassWorkers[]> {
  const prefix = classQueue(taskQueue, '');
  const queues = new Set(
    (await listed(client, `TaskQueue STARTS_WITH "${prefix}"`)).map((worker) => worker.taskQueue ?? ''),
  );
  const found = [...queues]
    .filter((queue) => queue.startsWith(prefix))
    .toSorted()
    .map(async (queue) => {
      return { class: queue.slice(prefix.length), workers: await workersOn(client, queue) };
    });
  return (await Promise.all(found)).filter(({ workers }) => workers > 0);
}

async function pollersOf({ workflowService, options }: Client, taskQueue: string): Promise<string[]> {
  const request = { namespace: options.namespace, taskQueue: { name: taskQueue }, taskQueueType: ACTIVITIES };
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in a package that users need not have
  const { pollers } = await workflowService.describeTaskQueue(request);
  return (pollers ?? []).flatMap(({ identity, lastAccessTime }) =>
    identity && Date.now() - milliseconds(lastAccessTime) < POLLING_MS ? [identity] : [],
  );
}

/** None where the server does not keep heartbeats of workers. */
async function beatingWorkers(client: Client, taskQueue: string): Promise<Worker[]> {
  const found = await listed(client, `TaskQueue = "${taskQueue}"`);
  return (await Promise.all(found.map((worker) => lookAt(client, worker)))).flatMap((worker) => worker ?? []);
}

type Listed = Awaited<ReturnType<typeof listed>>[number];

async function listed({ workflowService, options }: Client, query: string) {
  try {
    const { workers } = await workflowService.listWorkers({ namespace: options.namespace, pageSize: 100, query });
    return workers ?? [];
  } catch {
    return [];
  }
}

async function lookAt({ workflowService, options }: Client, worker: Listed): Promise<Worker | undefined> {
  const { workerIdentity: identity, taskQueue, workerInstanceKey } = worker;
  if (!identity || !taskQueue || !workerInstanceKey) return undefined;
  if (Number(worker.status) !== RUNNING) return { identity, taskQueue, isAlive: false };
  try {
    const { workerInfo } = await workflowService.describeWorker({ namespace: options.namespace, workerInstanceKey });
    const { heartbeatTime, elapsedSinceLastHeartbeat } = workerInfo?.workerHeartbeat ?? {};
    const everyMs = elapsedSinceLastHeartbeat ? milliseconds(elapsedSinceLastHeartbeat) : POLLING_MS / LATE_HEARTBEATS;
    // By the worker's clock and ours: one that is ahead of ours is no less alive.
    const isAlive = Date.now() - milliseconds(heartbeatTime) < LATE_HEARTBEATS * everyMs + TOLERANCE_MS;
    return { identity, taskQueue, isAlive };
  } catch {
    return { identity, taskQueue, isAlive: false };
  }
}

interface Time {
  readonly seconds?: { toString(): string } | number | null;
  readonly nanos?: number | null;
}

function milliseconds(time: Time | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
