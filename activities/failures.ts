import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { CompleteAsyncError } from '@temporalio/activity';
import { RUN_CODES } from '../src/domain/run.js';
import { PerennialError } from '../src/errors.js';

/**
 * Turns what an activity threw into Temporal's terms: the code becomes the failure's type, `next` decides whether
 * another attempt makes sense, `fix` and `details` travel as the failure's first detail.
 */
export function toFailure(error: unknown, attempt: number): unknown {
  if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) return error;
  if (error instanceof PerennialError) {
    const { code, next, fix, details } = error;
    return ApplicationFailure.create({
      type: code,
      message: error.message,
      nonRetryable: next !== 'retry',
      details: [{ code, ...(fix !== undefined && { fix }), ...details }],
      // What the data engine said word for word may hold values of rows; the message above has what is needed of it.
      ...(error.cause instanceof Error && error.cause.name !== 'QueryError' && { cause: error.cause }),
    });
  }
  if (error instanceof ApplicationFailure || attempt < MOST_ATTEMPTS) return error;
  // Nobody foresaw it, so nobody knows whether it heals: a few attempts, then the run says what it was.
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({
    type: RUN_CODES.bug,
    message,
    nonRetryable: true,
    details: [{ code: RUN_CODES.bug }],
  });
}

/** Of an activity that throws what is none of our typed errors. */
const MOST_ATTEMPTS = 5;
