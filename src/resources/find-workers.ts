import { isGrpcServiceError, type Client } from '@temporalio/client';
import { classQueue } from '../domain/resources.js';
import { isPrompt, PROMPT_HEARTBEAT_MS } from './prompt-worker.js';

/** `WORKER_STATUS_RUNNING`: it is not being shut down. */
const RUNNING: number = 1;
/** `TASK_QUEUE_TYPE_WORKFLOW` and `TASK_QUEUE_TYPE_ACTIVITY`. */
const TYPES = { workflows: 1, activities: 2 } as const;
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

/** A worker that has sent a heartbeat. */
interface BeatingWorker {
  readonly identity: string;
  readonly taskQueue: string;
  /** Of its last heartbeat, by its own clock. */
  readonly atMs: number;
  readonly isAlive: boolean;
}

/** A process that has asked for work of a task queue. */
interface Poller {
  readonly identity: string;
  readonly atMs: number;
}

/** What a worker of a task queue is asked for. */
export type Work = 'workflows' | 'activities';

/**
 * How many workers take activities (or run workflows) of a task queue now. Those that send heartbeats (as `perennial worker`
 * does each second) count while these come, also when they are too busy to ask for work; the others when they have asked
 * lately.
 */
export async function workersOn(client: Client, taskQueue: string, work: Work = 'activities'): Promise<number> {
  const [pollers, beating] = await Promise.all([pollersOf(client, taskQueue, work), beatingWorkers(client, taskQueue)]);
  if (!beating) return new Set(pollers.map(({ identity }) => identity)).size;
  // One that has asked after the last heartbeat of its name is a new process, which has sent none yet.
  const silent = pollers.filter(
    ({ identity, atMs }) =>
      !beating.some((worker) => worker.identity === identity && (worker.isAlive || worker.atMs > atMs)),
  );
  const overdue = silent.filter(isOverdue);
  const there = overdue.length > 0 && (await keepsHeartbeats(client)) ? silent.filter((p) => !isOverdue(p)) : silent;
  return beating.filter(({ isAlive }) => isAlive).length + new Set(there.map(({ identity }) => identity)).size;
}

/** Its first heartbeat should have come: it was killed before. */
function isOverdue({ identity, atMs }: Poller): boolean {
  return isPrompt(identity) && Date.now() - atMs > patienceMs(PROMPT_HEARTBEAT_MS);
}

/** The classes beside the ordinary one that have workers for the workflows of a task queue, sorted. */
export async function workersByClass(client: Client, taskQueue: string): Promise<ClassWorkers[]> {
  const prefix = classQueue(taskQueue, '');
  // A courtesy: where heartbeats are not kept, none is known.
  const beating = await listed(client, `TaskQueue STARTS_WITH "${prefix}"`).catch(() => []);
  const queues = new Set(beating.map((worker) => worker.taskQueue ?? ''));
  const found = [...queues]
    .filter((queue) => queue.startsWith(prefix))
    .toSorted()
    .map(async (queue) => {
      return { class: queue.slice(prefix.length), workers: await workersOn(client, queue) };
    });
  return (await Promise.all(found)).filter(({ workers }) => workers > 0);
}

async function pollersOf({ workflowService, options }: Client, taskQueue: string, work: Work): Promise<Poller[]> {
  const request = { namespace: options.namespace, taskQueue: { name: taskQueue }, taskQueueType: TYPES[work] };
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in a package that users need not have
  const { pollers } = await workflowService.describeTaskQueue(request);
  return (pollers ?? []).flatMap(({ identity, lastAccessTime }) => {
    const atMs = milliseconds(lastAccessTime);
    return identity && Date.now() - atMs < POLLING_MS ? [{ identity, atMs }] : [];
  });
}

/** Undefined where the server does not keep heartbeats of workers, or does not tell now. */
async function beatingWorkers(client: Client, taskQueue: string): Promise<BeatingWorker[] | undefined> {
  try {
    const found = await listed(client, `TaskQueue = "${taskQueue}"`);
    return (await Promise.all(found.map((worker) => lookAt(client, worker)))).flatMap((worker) => worker ?? []);
  } catch {
    // Nobody is held for dead because a question was refused.
    return undefined;
  }
}

async function keepsHeartbeats({ workflowService, options }: Client): Promise<boolean> {
  const { namespaceInfo } = await workflowService.describeNamespace({ namespace: options.namespace });
  return namespaceInfo?.capabilities?.workerHeartbeats === true;
}

type Listed = Awaited<ReturnType<typeof listed>>[number];

async function listed({ workflowService, options }: Client, query: string) {
  const { workers } = await workflowService.listWorkers({ namespace: options.namespace, pageSize: 100, query });
  return workers ?? [];
}

async function lookAt({ workflowService, options }: Client, worker: Listed): Promise<BeatingWorker | undefined> {
  const { workerIdentity: identity, taskQueue, workerInstanceKey } = worker;
  if (!identity || !taskQueue || !workerInstanceKey) return undefined;
  const { namespace } = options;
  const described = await workflowService.describeWorker({ namespace, workerInstanceKey }).catch(unlessForgotten);
  const { heartbeatTime, elapsedSinceLastHeartbeat } = described?.workerInfo?.workerHeartbeat ?? {};
  const everyMs = elapsedSinceLastHeartbeat ? milliseconds(elapsedSinceLastHeartbeat) : POLLING_MS / LATE_HEARTBEATS;
  const atMs = milliseconds(heartbeatTime);
  // By the worker's clock and ours: one that is ahead of ours is no less alive.
  const isAlive = Number(worker.status) === RUNNING && Date.now() - atMs < patienceMs(everyMs);
  return { identity, taskQueue, atMs, isAlive };
}

function unlessForgotten(error: unknown): undefined {
  const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
  if (code !== NOT_FOUND) throw error;
}

/** Of gRPC. */
const NOT_FOUND = 5;

function patienceMs(everyMs: number): number {
  return LATE_HEARTBEATS * everyMs + TOLERANCE_MS;
}

interface Time {
  readonly seconds?: { toString(): string } | number | null;
  readonly nanos?: number | null;
}

function milliseconds(time: Time | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
