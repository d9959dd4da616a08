import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { CompleteAsyncError } from '@temporalio/activity';
import { PerennialError } from '../src/errors.js';

/**
 * Turns what an activity threw into Temporal's terms: the code becomes the failure's type, `next` decides whether
 * another attempt makes sense, `fix` and `details` travel as the failure's first detail.
 */
export function toFailure(error: unknown): unknown {
  if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) return error;
  if (error instanceof PerennialError) {
    const { code, next, fix, details } = error;
    return ApplicationFailure.create({
      type: code,
      message: error.message,
      nonRetryable: next !== 'retry',
      details: [{ code, ...(fix !== undefined && { fix }), ...details }],
      ...(error.cause instanceof Error && { cause: error.cause }),
    });
  }
  return error;
}
