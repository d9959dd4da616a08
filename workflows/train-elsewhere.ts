import { ActivityCancellationType, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Addressed, ElsewhereInput, ElsewhereResult } from '../src/domain/elsewhere.js';

/** Beside the trainer's own time: fetching what it needs, handing back what it made, storing a last checkpoint. */
const MOVING_MS = 3_600_000;

/**
 * Has a training done by an activity of somebody else, in any SDK. A workflow of its own, beside that of the run: it goes on
 * while the worker that asked for it is replaced, and whoever takes over finds it by its id. That the trainer failed is a
 * result; what could not be done is a failure.
 */
export async function trainElsewhere(input: ElsewhereInput): Promise<ElsewhereResult> {
  const { activity, taskQueue, name, order, timeoutMs, validMs } = input;
  setCurrentDetails(`\`${name}\` is trained by the activity \`${activity}\` on the task queue \`${taskQueue}\`.`);
  const activities = proxyActivities<Record<string, (order: Addressed) => Promise<ElsewhereResult>>>({
    taskQueue,
    startToCloseTimeout: timeoutMs + MOVING_MS,
    // After that nobody can fetch the order any more.
    scheduleToCloseTimeout: validMs,
    heartbeatTimeout: '10s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 5 },
    // It may still store a checkpoint.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: `Train ${name}`,
  });
  // The proxy has every name.
  return await activities[activity]!(order);
}
