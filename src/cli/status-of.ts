import { setTimeout as delay } from 'node:timers/promises';
import type { ModelStatus } from '../client.js';
import { loopId, runId } from '../domain/run.js';
import { describedWaitsFor, queueWithoutWorker, type Waiting } from '../resources/waits-for.js';
import type { Connected } from './connect.js';
import { isOutOfTime, lacksWorker } from './temporal-error.js';

/** A status, and whether the loop could be asked at all. */
export interface FoundStatus extends ModelStatus {
  /** The loop runs, but no worker answers for it. */
  readonly unanswered?: boolean;
  /** A class of workers that has none, or no room: of the run under way, or of the loop itself. */
  readonly waiting?: Waiting;
}

const PATIENCE_MS = 5000;
/** How often it is looked, while the loop does not answer, whether anybody is there to answer for it. */
const LOOK_EVERY_MS = 1000;

/** The status of a model; what the ledger says of it when no worker answers for its loop. */
export async function statusOf(connected: Connected, model: string): Promise<FoundStatus> {
  const { perennial, temporal } = connected;
  const asking = new AbortController();
  const answered = new AbortController();
  void giveUpWithoutWorker(connected, model, asking, answered.signal);
  try {
    return await temporal.withAbortSignal(asking.signal, () => answeredStatus(connected, model));
  } catch (error) {
    if (!lacksWorker(error) && !isOutOfTime(error)) throw error;
  } finally {
    answered.abort();
  }
  // It is the worker that did not answer if Temporal still does; if not, this says so.
  const waiting = await temporal.withDeadline(Date.now() + PATIENCE_MS, () => loopWaitsFor(connected, model));
  const { state } = await perennial.ledger(model);
  return { model, ledger: state, unanswered: true, ...(waiting && { waiting }) };
}

async function answeredStatus({ perennial, temporal }: Connected, model: string): Promise<FoundStatus> {
  return await temporal.withDeadline(Date.now() + PATIENCE_MS, async () => {
    const status = await perennial.status(model);
    const { current } = status.loop ?? {};
    const waiting = current && (await runWaits({ temporal }, runId(model, current.run)));
    return waiting ? { ...status, waiting } : status;
  });
}

async function runWaits({ temporal }: Pick<Connected, 'temporal'>, workflowId: string): Promise<Waiting | undefined> {
  try {
    const { raw, status } = await temporal.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' ? await describedWaitsFor(temporal, raw) : undefined;
  } catch {
    // A run that has just been promised may not be there yet.
    return undefined;
  }
}

/** Temporal keeps a question for a worker that may come; where there is none, the answer is known before it gives up. */
async function giveUpWithoutWorker(
  connected: Connected,
  model: string,
  asking: AbortController,
  answered: AbortSignal,
): Promise<void> {
  try {
    while (!asking.signal.aborted) {
      await delay(LOOK_EVERY_MS, undefined, { signal: answered });
      if (await loopWaitsFor(connected, model)) asking.abort();
    }
  } catch {
    // It has been answered, or nobody can tell: then the question runs out of its time.
  }
}

async function loopWaitsFor({ temporal }: Connected, model: string): Promise<Waiting | undefined> {
  const { taskQueue } = await temporal.workflow.getHandle(loopId(model)).describe();
  return await queueWithoutWorker(temporal, taskQueue, 'workflows');
}
