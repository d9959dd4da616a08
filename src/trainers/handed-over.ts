import { asyncLocalStorage, Context } from '@temporalio/activity';

/** Why an attempt ends although nobody said that the training should: there is another attempt, or there will be. */
const LOST_ATTEMPT: ReadonlySet<string> = new Set(['WORKER_SHUTDOWN', 'TIMED_OUT', 'NOT_FOUND']);

/**
 * Whether what this attempt has begun elsewhere goes on without it, for the next one to follow: when the attempt alone is
 * over, and not its run. To be called while the attempt runs; the answer is for when its signal is aborted.
 */
export function handOver(signal: AbortSignal): () => Promise<boolean> {
  const context = asyncLocalStorage.getStore() ? Context.current() : undefined;
  return async () => {
    const reason: unknown = signal.reason;
    if (!signal.aborted || !(reason instanceof Error) || !LOST_ATTEMPT.has(reason.message)) return false;
    const run = context?.info.workflowExecution;
    if (!context || !run) return false;
    try {
      const { status } = await context.client.workflow.getHandle(run.workflowId, run.runId).describe();
      return status.name === 'RUNNING';
    } catch {
      // Temporal is away: whoever comes back finds the training, and its time is limited.
      return true;
    }
  };
}
