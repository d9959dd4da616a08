import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { workersOn } from '../resources/find-workers.js';
import type { CommandContext } from './command.js';
import type { Connection } from './connection-options.js';

const LOOK_AFTER_MS = 2000;
/** One that was killed a moment ago is missed only after a while. */
const LOOK_EVERY_MS = 1000;

/**
 * Says on stderr, when the answer takes longer than two seconds, that no worker polls the queue, once that is so: without one
 * a request waits in silence. Returns what `wait` gives.
 */
export async function watchingForWorkers<Result>(
  context: Pick<CommandContext, 'note'>,
  temporal: Client,
  where: Connection,
  wait: () => Promise<Result>,
): Promise<Result> {
  const answered = new AbortController();
  void noteOnceMissing(context, temporal, where, answered.signal);
  try {
    return await wait();
  } finally {
    answered.abort();
  }
}

async function noteOnceMissing(
  context: Pick<CommandContext, 'note'>,
  temporal: Client,
  where: Connection,
  answered: AbortSignal,
): Promise<void> {
  try {
    await delay(LOOK_AFTER_MS, undefined, { signal: answered });
    while (await hasWorker(temporal, where)) await delay(LOOK_EVERY_MS, undefined, { signal: answered });
    if (!answered.aborted) context.note(noWorker(where, 'this waits until one does'));
  } catch {
    // It has been answered.
  }
}

/** Says on stderr when no worker polls the queue now. */
export async function noteMissingWorker(
  context: Pick<CommandContext, 'note'>,
  temporal: Client,
  where: Connection,
): Promise<void> {
  if (!(await hasWorker(temporal, where))) context.note(noWorker(where, 'nothing happens until one does'));
}

function noWorker({ taskQueue }: Connection, meanwhile: string): string {
  const start = `perennial worker --task-queue ${taskQueue}`;
  return `No worker polls the task queue "${taskQueue}": ${meanwhile}.\n  start one: ${start}`;
}

/** Whether a worker is there to run workflows; true also when nobody can tell. */
async function hasWorker(temporal: Client, { taskQueue }: Connection): Promise<boolean> {
  try {
    return (await workersOn(temporal, taskQueue, 'workflows')) > 0;
  } catch {
    return true;
  }
}
