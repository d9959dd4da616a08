import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/index.js';
import { PerennialPlugin } from './plugin.js';
import { openSource } from './sources/index.js';
import { BlobCache } from './stores/blobs.js';
import type { ArtifactStore } from './stores/store.js';
import { builtInTrainers } from './trainers/index.js';
import type { Trainer } from './trainers/trainer.js';

export interface WorkerDepsOptions {
  readonly store: ArtifactStore;
  /** Gives the path of a Python interpreter that has perennial_trainer. Asked once, before the first training. */
  python(): Promise<string>;
  /** Trainers of your own, by the kind that specs name. */
  readonly trainers?: Readonly<Record<string, Trainer>>;
  /** Folder for scratch files and cached blobs. Default: a folder of this user in the system's temporary folder. */
  readonly workFolder?: string;
  /** Most bytes of cached blobs. Default: 10 GiB. */
  readonly cacheBytes?: number;
}

/** What the activities of a worker work with. */
export function workerDeps(options: WorkerDepsOptions): ActivityDeps {
  const { store, python, trainers = {}, cacheBytes = 10 * 1024 ** 3 } = options;
  const folder = options.workFolder ?? join(tmpdir(), `perennial-${process.getuid?.() ?? 'user'}`);
  return {
    store,
    cache: new BlobCache(store, join(folder, 'blobs'), { maxBytes: cacheBytes }),
    scratchFolder: join(folder, 'scratch'),
    openSource: (spec) => openSource(spec),
    trainers: { ...builtInTrainers({ python }), ...trainers },
  };
}

export interface CreateWorkerOptions extends WorkerDepsOptions {
  /** `host:port` of Temporal. */
  readonly address: string;
  /** Default: `default`. */
  readonly namespace?: string;
  /** Default: `perennial`. */
  readonly taskQueue?: string;
}

/**
 * A worker that carries Perennial and nothing else, with the settings that suit it. Probes the store first: a backend
 * that breaks its promises is refused before any work is taken.
 */
export async function createWorker(options: CreateWorkerOptions): Promise<Worker> {
  const { address, namespace = 'default', taskQueue = 'perennial' } = options;
  const [connection] = await Promise.all([NativeConnection.connect({ address }), options.store.probe()]);
  return await Worker.create({
    connection,
    namespace,
    taskQueue,
    plugins: [new PerennialPlugin({ deps: workerDeps(options) })],
    ...WORKER_DEFAULTS,
  });
}

const WORKER_DEFAULTS = {
  // Each may be a training: the machine, not the queue, is the limit.
  maxConcurrentActivityTaskExecutions: 16,
  // After kill -9 of a worker its workflows go on elsewhere within seconds instead of ten.
  stickyQueueScheduleToStartTimeout: '1s',
  shutdownGraceTime: '10s',
} satisfies Partial<WorkerOptions>;
