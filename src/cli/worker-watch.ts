import type { Client } from '@temporalio/client';
import type { CommandContext } from './command.js';
import type { Connection } from './connection-options.js';

const LOOK_AFTER_MS = 2000;
/** A worker asks for work at least once a minute. */
const POLLING_MS = 70_000;

/**
 * Says on stderr, when the answer takes longer than two seconds, that no worker polls the queue: without one a request waits
 * in silence. Returns what `wait` gives.
 */
export async function watchingForWorkers<Result>(
  context: Pick<CommandContext, 'note'>,
  temporal: Client,
  where: Connection,
  wait: () => Promise<Result>,
): Promise<Result> {
  let isWaiting = true;
  const timer = setTimeout(() => {
    void hasWorker(temporal, where).then((found) => {
      if (found || !isWaiting) return;
      context.note(noWorker(where, 'this waits until one does'));
    });
  }, LOOK_AFTER_MS);
  try {
    return await wait();
  } finally {
    isWaiting = false;
    clearTimeout(timer);
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

/** Whether a worker asked for work lately; true also when nobody can tell. */
async function hasWorker(temporal: Client, { namespace, taskQueue }: Connection): Promise<boolean> {
  try {
    const { pollers } = await temporal.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue } });
    return (pollers ?? []).some(({ lastAccessTime }) => {
      return Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < POLLING_MS;
    });
  } catch {
    return true;
  }
}
