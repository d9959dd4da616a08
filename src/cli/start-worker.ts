import { existsSync } from 'node:fs';
import { Runtime } from '@temporalio/worker';
import { pythonEnv } from '../dev/tools.js';
import type { ArtifactStore } from '../stores/store.js';
import { createWorker } from '../worker.js';
import { workerLog } from './worker-log.js';

export interface StartWorkerOptions {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly store: ArtifactStore;
  readonly workFolder?: string;
  /** Most bytes of cached data. Default: as `workerDeps` says. */
  readonly cacheBytes?: number;
  /** Takes the lines of the log, and one about each thing that is installed. */
  readonly note: (text: string) => void;
  /** Whether the log has stacks and everyday events. */
  readonly debug: boolean;
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
  const { python, note, debug } = options;
  // Signals are ours: the SDK's own handlers would end the worker before what stands on it.
  Runtime.install({ shutdownSignals: [], logger: workerLog(note, debug) });
  const worker = await createWorker({
    ...options,
    python: python === undefined ? keptPython(note) : async () => python,
  });
  const ended = worker.run();
  return {
    ended,
    stop: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}

/** Looks for the interpreter once, and again only when it is gone: a look takes longer than many a step. */
function keptPython(note: (text: string) => void): () => Promise<string> {
  let found: string | undefined;
  return async () => {
    if (found === undefined || !existsSync(found)) found = (await pythonEnv(note)).python;
    return found;
  };
}
