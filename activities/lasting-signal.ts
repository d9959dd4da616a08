import { setMaxListeners } from 'node:events';

/** Aborts so many milliseconds after another signal, for the same reason: what is being kept for others is kept to its end. */
export function lastingSignal(signal: AbortSignal, forMs: number): AbortSignal {
  const controller = new AbortController();
  // Each file that is being stored listens.
  setMaxListeners(0, controller.signal);
  const end = () => setTimeout(() => controller.abort(signal.reason), forMs).unref();
  signal.addEventListener('abort', end, { once: true });
  return controller.signal;
}
