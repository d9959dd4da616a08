import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { AttemptLog } from './attempt-log.js';

/**
 * Runs the work of an activity under a heartbeat from a timer: a slow item never looks like a dead worker, and
 * cancellation arrives. The signal aborts when the activity is cancelled, paused, reset or the worker shuts down.
 */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const attempts = AttemptLog.current();
  // Each call under way listens, and takes its listener away when it settles. A worker that has just started reads a long
  // ledger sixteen entries at a time, which is more than the ten from which Node suspects a leak.
  setMaxListeners(0, context.cancellationSignal);
  const timeoutMs = context.info.heartbeatTimeoutMs ?? 30_000;
  const beat = setInterval(() => attempts.beat(), timeoutMs / 3);
  // Of an attempt that has one before it, the one after it should know in any case.
  if (context.info.attempt > 1) attempts.beat();
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
