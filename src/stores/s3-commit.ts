import { S3Refusal, canHeal, isTaken } from './s3-answers.js';
import { retrying, type RetryPolicy } from './retry.js';

/** Who wrote the object that is under the key now. */
export type Writer = 'me' | 'another' | 'nobody';

/**
 * Brings a conditional write to a certain end. The server refuses it when the key is taken, but perhaps by this very
 * call: its first try may have been applied and its answer lost. So whenever a try ends without a clear answer, and
 * whenever the key is taken after such a try, the object is read back and its writer compared.
 *
 * @param send the conditional write; sent again it must be the same, with the same writer's mark.
 * @param readBack says whose mark the object has.
 * @throws the last error, when the outcome cannot be learned.
 */
export async function committed(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  send: () => Promise<void>,
  readBack: () => Promise<Writer>,
): Promise<'created' | 'exists'> {
  let unclear = false;
  return retrying(policy, signal, isOpen, async () => {
    try {
      await send();
      return 'created';
    } catch (error) {
      signal?.throwIfAborted();
      if (isTaken(error) && !unclear) return 'exists';
      if (!isOpen(error)) throw error;
      unclear = true;
      // When the server cannot be asked either, the next try asks again.
      const writer = await readBack().catch(() => 'nobody' as const);
      if (writer === 'nobody') throw error;
      return writer === 'me' ? 'created' : 'exists';
    }
  });
}

/** A taken key is open too: its object may have been removed before it was read back. */
function isOpen(error: unknown): boolean {
  // A multipart upload is gone once it is completed: the answer to completing it again.
  const isGone = error instanceof S3Refusal && error.code === 'NoSuchUpload';
  return canHeal(error) || isTaken(error) || isGone;
}
