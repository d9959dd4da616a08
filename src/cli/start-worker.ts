import { DefaultLogger, Runtime } from '@temporalio/worker';
import { pythonEnv } from '../dev/tools.js';
import type { ArtifactStore } from '../stores/store.js';
import { createWorker } from '../worker.js';

export interface StartWorkerOptions {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly store: ArtifactStore;
  readonly workFolder?: string;
  /** Takes a line about each thing that is installed. */
  readonly note: (text: string) => void;
  /** Path of a Python interpreter that has the trainers. Default: found or installed when it is first needed. */
  readonly python?: string;
}

export interface RunningWorker {
  /** Resolves when the worker has stopped, rejects when it failed. */
  readonly ended: Promise<void>;
  /** Takes no more work and finishes what is under way. Safe to call twice. */
  stop(): void;
}

/** Starts a worker; when this returns, it polls. One a process: it owns the SDK's runtime. */
export async function startWorker(options: StartWorkerOptions): Promise<RunningWorker> {
  // Signals are ours: the SDK's own handlers would end the worker before what stands on it.
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('WARN') });
  const { python, note } = options;
  const worker = await createWorker({
    ...options,
    python: async () => python ?? (await pythonEnv(note)).python,
  });
  const ended = worker.run();
  return {
    ended,
    stop: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
