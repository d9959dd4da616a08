import { Worker } from 'node:worker_threads';
import { moduleUrl } from '../module-url.js';
import { checkedBlockCount } from './check-input.js';
import type { EvaluatedModels, EvaluateModelsInput } from './evaluate-models.js';

/**
 * `evaluateModels` on a thread of its own, so that the caller's event loop stays free for heartbeats. The arrays are
 * copied (16 MB for a million rows and two models takes some milliseconds): the caller keeps its own.
 *
 * @param options.signal aborting it ends the thread and rejects with the signal's reason
 * @throws the errors of `evaluateModels`
 */
export async function evaluateInThread(
  input: EvaluateModelsInput,
  options: { readonly signal?: AbortSignal } = {},
): Promise<EvaluatedModels> {
  const { signal } = options;
  signal?.throwIfAborted();
  // Here and not only in the thread: errors lose their class on the way back.
  checkedBlockCount(input);
  const thread = new Worker(moduleUrl(import.meta.url, './evaluate-thread.js'), { workerData: input });
  const abort = (): void => void thread.terminate();
  try {
    return await new Promise<EvaluatedModels>((resolve, reject) => {
      signal?.addEventListener('abort', abort, { once: true });
      // The thread module posts exactly one message, of this type.
      thread.once('message', (result: EvaluatedModels) => resolve(result));
      thread.once('error', reject);
      thread.once('exit', (code) => {
        reject(
          signal?.aborted === true
            ? (signal.reason as Error) // by convention an Error; whatever the caller gave
            : new Error(`Evaluation thread ended with code ${code} before it had a result`),
        );
      });
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    await thread.terminate();
  }
}
