import { setTimeout as sleep } from 'node:timers/promises';

export interface RetryPolicy {
  /** How often a call is tried in all; at least 1. */
  readonly attempts: number;
  /** The longest wait before the second try, in milliseconds; doubled for each further one. */
  readonly baseMs: number;
  /** No wait is longer, in milliseconds. */
  readonly capMs: number;
}

/**
 * Tries a call until it succeeds, `canHeal` says that its error will not heal, or the attempts are used up. Waits a
 * random part of a doubling time ("full jitter"), so that many callers do not come back at once.
 *
 * @throws the last error; the signal's reason as soon as it is aborted.
 */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  canHeal: (error: unknown, attempt: number) => boolean,
  call: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await call(attempt);
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= policy.attempts || !canHeal(error, attempt)) throw error;
    }
    await pause(Math.random() * Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1)), signal);
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch {
    // `sleep` rejects with an AbortError of its own; callers want the reason they gave.
    signal?.throwIfAborted();
  }
}
