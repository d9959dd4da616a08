import type { ModelStatus } from '../client.js';
import { loopId, runId } from '../domain/run.js';
import { runWaitsFor, type Waiting } from '../resources/waits-for.js';
import type { Connected } from './connect.js';
import { isOutOfTime, lacksWorker } from './temporal-error.js';

/** A status, and whether the loop could be asked at all. */
export interface FoundStatus extends ModelStatus {
  /** The loop runs, but no worker answers for it. */
  readonly unanswered?: boolean;
  /** Of the run under way: a class of workers that has none, or no room. */
  readonly waiting?: Waiting;
}

const PATIENCE_MS = 5000;

/** The status of a model; what the ledger says of it when no worker answers for its loop. */
export async function statusOf({ perennial, temporal }: Connected, model: string): Promise<FoundStatus> {
  try {
    return await temporal.withDeadline(Date.now() + PATIENCE_MS, async () => {
      const status = await perennial.status(model);
      const { current } = status.loop ?? {};
      // A run that has just been promised may not be there yet.
      const workflowId = current && runId(model, current.run);
      const waiting = workflowId && (await runWaitsFor(temporal, { workflowId }).catch(() => undefined));
      return waiting ? { ...status, waiting } : status;
    });
  } catch (error) {
    if (!lacksWorker(error) && !isOutOfTime(error)) throw error;
  }
  // It is the worker that did not answer if Temporal still does; if not, this says so.
  await temporal.withDeadline(Date.now() + PATIENCE_MS, () => temporal.workflow.getHandle(loopId(model)).describe());
  const { state } = await perennial.ledger(model);
  return { model, ledger: state, unanswered: true };
}
