import { PerennialError, StoreRefusedError, StoreUnavailableError } from '../errors.js';
import { canHeal, errorCode, isGarbled, S3Refusal } from './s3-answers.js';

const CREDENTIALS = 'Check PERENNIAL_S3_ACCESS_KEY and PERENNIAL_S3_SECRET_KEY, and what they may do in this bucket.';

/**
 * What a server said or did not say, as an error of the store. Our own errors pass as they are; so does the reason of an
 * aborted signal.
 *
 * @param action for the message: `Cannot <action>: ...`.
 */
export function explainedS3(error: unknown, action: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof PerennialError || !(error instanceof Error)) return error;
  const message = `Cannot ${action}: ${reasonOf(error)}`;
  if (error instanceof S3Refusal) return refused(error, message);
  if (canHeal(error)) {
    return new StoreUnavailableError(message, {
      fix: 'Check that the server runs and can be reached from here; the call is safe to repeat.',
      cause: error,
    });
  }
  const fix = 'Check the endpoint: http or https, host, port and certificate; or the local file that was to be stored.';
  return errorCode(error) === undefined ? error : new StoreRefusedError(message, { fix, cause: error });
}

function refused(error: S3Refusal, message: string): PerennialError {
  const details = { status: error.status, code: error.code };
  if (error.code === 'RequestTimeTooSkewed') {
    const fix = 'Set the clock of this machine or of the server: they differ by more than 15 minutes.';
    return new StoreUnavailableError(message, { fix, details, cause: error });
  }
  if (error.status === 507) {
    return new StoreUnavailableError(message, { fix: 'Free space in the store.', details, cause: error });
  }
  if (isGarbled(error)) {
    const fix = 'Check the network between here and the server: what is sent does not arrive as it was.';
    return new StoreUnavailableError(message, { fix, details, cause: error });
  }
  if (canHeal(error) || error.code === 'NoSuchUpload') {
    const fix = 'Look at the log of the server; the call is safe to repeat.';
    return new StoreUnavailableError(message, { fix, details, cause: error });
  }
  const fix =
    error.status === 401 || error.status === 403
      ? CREDENTIALS
      : error.code === 'NoSuchBucket'
        ? 'Make the bucket, or start a worker: it makes a bucket that is missing.'
        : 'The server cannot do this; check that it is the S3 server you mean.';
  return new StoreRefusedError(message, { fix, details, cause: error });
}

function reasonOf(error: Error): string {
  // A connection refused on every address of a name is an AggregateError without a message of its own.
  return error.message !== '' ? error.message : (errorCode(error) ?? error.name);
}
