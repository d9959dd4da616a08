import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';

/** The newest progress of each activity under way, which every heartbeat carries: people see it in the Temporal UI. */
const progress = new WeakMap<Context, unknown>();

/**
 * Runs the work of an activity under a heartbeat from a timer: a slow item never looks like a dead worker, and
 * cancellation arrives. The signal aborts when the activity is cancelled, paused, reset or the worker shuts down.
 */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  // Each call under way listens, and takes its listener away when it settles. A worker that has just started reads a long
  // ledger sixteen entries at a time, which is more than the ten from which Node suspects a leak.
  setMaxListeners(0, context.cancellationSignal);
  const timeoutMs = context.info.heartbeatTimeoutMs ?? 30_000;
  const beat = setInterval(() => context.heartbeat(progress.get(context)), timeoutMs / 3);
  try {
    return await work(context.cancellationSignal);
  } catch (error) {
    // What the work makes of the abort matters less than why it was aborted.
    if (context.cancellationSignal.aborted) throw context.cancellationSignal.reason;
    throw error;
  } finally {
    clearInterval(beat);
  }
}

/** Shows how far the running activity is. */
export function reportProgress(details: unknown): void {
  const context = Context.current();
  progress.set(context, details);
  context.heartbeat(details);
}
