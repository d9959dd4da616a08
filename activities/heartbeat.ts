import { Context } from '@temporalio/activity';

/**
 * Runs the work of an activity under a heartbeat from a timer: a slow item never looks like a dead worker, and
 * cancellation arrives. The signal aborts when the activity is cancelled, paused, reset or the worker shuts down.
 */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs ?? 30_000;
  const beat = setInterval(() => context.heartbeat(), timeoutMs / 3);
  try {
    context.heartbeat();
    return await work(context.cancellationSignal);
  } catch (error) {
    // What the work makes of the abort matters less than why it was aborted.
    if (context.cancellationSignal.aborted) throw context.cancellationSignal.reason;
    throw error;
  } finally {
    clearInterval(beat);
  }
}
