import { existsSync } from 'node:fs';
import { NativeConnection, Runtime } from '@temporalio/worker';
import type { ActivityDeps } from '../../activities/index.js';
import { pythonEnv } from '../dev/tools.js';
import type { ArtifactStore } from '../stores/store.js';
import { classQueue, ORDINARY_CLASS, type Needs } from '../domain/resources.js';
import type { WorkerResources } from '../resources/declared.js';
import { PROMPT_HEARTBEAT_MS, promptIdentity } from '../resources/prompt-worker.js';
import { workerDeps, workerOf } from '../worker.js';
import { workerLog } from './worker-log.js';

export interface StartWorkerOptions {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly store: ArtifactStore;
  readonly workFolder?: string;
  /** What it has for trainings, and the classes that it is of. Default: all of this machine, of the class cpu. */
  readonly resources?: Omit<WorkerResources, 'class'> & { readonly classes?: readonly string[] };
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
  readonly classes: readonly string[];
  /** One for each class. */
  readonly taskQueues: readonly string[];
  /** What trainings may take in all. */
  readonly has: Needs;
  /** Resolves when the worker has stopped, rejects when it failed. */
  readonly ended: Promise<void>;
  /** Takes no more work and finishes what is under way. Safe to call twice. */
  stop(): void;
}

/** Starts a worker for each class; when this returns, they poll. Once a process: it owns the SDK's runtime. */
export async function startWorker(options: StartWorkerOptions): Promise<RunningWorker> {
  const { python, note, debug, address, store, resources = {} } = options;
  const { classes = [ORDINARY_CLASS] } = resources;
  // Signals are ours: the SDK's own handlers would end the worker before what stands on it. By its heartbeats others see
  // within seconds that it is gone.
  Runtime.install({
    shutdownSignals: [],
    workerHeartbeatInterval: PROMPT_HEARTBEAT_MS,
    logger: workerLog(note, debug),
  });
  const identity = promptIdentity();
  const findPython = python === undefined ? keptPython(note) : async () => python;
  const deps = workerDeps({
    ...options,
    resources: { ...resources, class: classes.join(' and ') },
    python: () => findPython(),
  });
  const connection = await NativeConnection.connect({ address });
  try {
    await store.probe();
    const workers = await Promise.all(
      classes.map((name) => workerOf(deps, { ...options, connection, identity, resources: { class: name } })),
    );
    const stop = () => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown());
    const runs = workers.map((worker) => worker.run());
    // Beside the work, and not at all where Python is not there yet: the first training finds out the same, and says why.
    void warmTrainers(deps, findPython).catch(() => undefined);
    // One that fails ends the others: half a worker is not what was asked for.
    void Promise.race(runs).catch(stop);
    const taskQueues = classes.map((name) => classQueue(options.taskQueue, name));
    return { classes, taskQueues, has: deps.budget.total, ended: endOf(runs, connection), stop };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function endOf(runs: readonly Promise<void>[], connection: NativeConnection): Promise<void> {
  try {
    await Promise.all(runs);
  } finally {
    await Promise.allSettled(runs);
    await connection.close();
  }
}

type FindPython = (options?: { readonly install: boolean }) => Promise<string>;

/** Looks for the interpreter once, and again only when it is gone: a look takes longer than many a step. */
function keptPython(note: (text: string) => void): FindPython {
  let found: string | undefined;
  return async (options = { install: true }) => {
    if (found === undefined || !existsSync(found)) found = (await pythonEnv(note, options)).python;
    return found;
  };
}

async function warmTrainers({ trainers }: ActivityDeps, findPython: FindPython): Promise<void> {
  await findPython({ install: false });
  await Promise.all(Object.values(trainers).map(async (trainer) => await trainer.warm?.()));
}
