import {
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  type ActivityCancellationDetails,
} from '@temporalio/common';
import { CompleteAsyncError, Context } from '@temporalio/activity';
import type { AttemptEnd, AttemptRecord } from '../src/domain/attempt.js';
import { RUN_CODES } from '../src/domain/run.js';
import { PerennialError, TrainerTimeoutError } from '../src/errors.js';
import { AttemptLog } from './attempt-log.js';

/**
 * Turns what an activity threw into Temporal's terms: the code becomes the failure's type, `next` decides whether
 * another attempt makes sense, `fix` and `details` travel as the failure's first detail, the attempts as its second.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof CompleteAsyncError) return error;
  const { cancellationDetails, info } = Context.current();
  if (error instanceof CancelledFailure) return toInterruption(error, cancellationDetails);
  const end = error instanceof TrainerTimeoutError ? 'timeout' : 'failed';
  const attempts = AttemptLog.current().handOver(end, messageOf(error));
  if (error instanceof PerennialError) {
    const { code, next, fix, details } = error;
    // Of a failure over 4 KB that another attempt follows Temporal keeps and shows nothing.
    const again = next === 'retry';
    return ApplicationFailure.create({
      type: code,
      message: error.message,
      nonRetryable: !again,
      details: [
        { code, ...(fix !== undefined && { fix }), ...(again ? small(details) : details) },
        { attempts: again ? shortened(attempts) : attempts },
      ],
      // What the data engine said word for word may hold values of rows; the message above has what is needed of it.
      ...(error.cause instanceof Error && error.cause.name !== 'QueryError' && !again && { cause: error.cause }),
    });
  }
  if (error instanceof ApplicationFailure || info.attempt < MOST_ATTEMPTS) return error;
  // Nobody foresaw it, so nobody knows whether it heals: a few attempts, then the run says what it was.
  return ApplicationFailure.create({
    type: RUN_CODES.bug,
    message: messageOf(error),
    nonRetryable: true,
    details: [{ code: RUN_CODES.bug }, { attempts }],
  });
}

function small(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const known = Object.entries(details).filter(([, value]) => JSON.stringify(value ?? null).length <= SMALL);
  return Object.fromEntries(known);
}

const SMALL = 300;
const SHOWN_ATTEMPTS = 3;

/** The newest of them, and only of the last one those elsewhere: a failure is to stay small, and the heartbeat has them all. */
function shortened(attempts: readonly AttemptRecord[]): readonly AttemptRecord[] {
  const shown = attempts.slice(-SHOWN_ATTEMPTS);
  return shown.map((record, index) => {
    const { elsewhere, ...rest } = record;
    return elsewhere && index < shown.length - 1 ? rest : record;
  });
}

/** Of an activity that throws what is none of our typed errors. */
const MOST_ATTEMPTS = 5;

/**
 * Not a failure of the work: somebody cancelled, paused or reset the activity, or its worker shuts down. After a shutdown
 * and a reset the next attempt comes at once: the wait between attempts is for what may heal, and here nothing has to.
 */
function toInterruption(error: CancelledFailure, why: ActivityCancellationDetails | undefined): unknown {
  const [end, reason] = interruption(error, why);
  const attempts = AttemptLog.current().handOver(end, reason);
  if (end !== 'shutdown' && end !== 'reset') return error;
  return ApplicationFailure.create({
    type: end === 'shutdown' ? 'WorkerShutdown' : 'ActivityReset',
    message: reason,
    nextRetryDelay: '1ms',
    category: ApplicationFailureCategory.BENIGN,
    details: [{}, { attempts }],
  });
}

function interruption(
  { message }: CancelledFailure,
  why: ActivityCancellationDetails | undefined,
): [end: AttemptEnd, reason: string] {
  if (why?.cancelRequested) return ['cancelled', 'the run was cancelled'];
  if (why?.reset) return ['reset', 'somebody reset the activity'];
  if (why?.paused) return ['paused', 'somebody paused the activity'];
  // An embedded worker says it by the reason alone.
  if (why?.workerShutdown || message === 'WORKER_SHUTDOWN') return ['shutdown', 'its worker was shut down'];
  if (why?.timedOut) return ['timeout', 'the time that Temporal gives an attempt was up'];
  return ['cancelled', 'Temporal does not wait for this attempt any more'];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
