import { join } from 'node:path';
import { NativeConnection, Worker, type WorkerOptions, type WorkerPlugin } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/index.js';
import { privateFolder } from './cache-folder.js';
import { PerennialPlugin } from './plugin.js';
import { openSource } from './sources/index.js';
import { BlobCache } from './stores/blobs.js';
import { sharedLedgers } from './stores/shared-ledgers.js';
import type { ArtifactStore } from './stores/store.js';
import { builtInTrainers } from './trainers/index.js';
import type { Trainer } from './trainers/trainer.js';

export interface WorkerDepsOptions {
  readonly store: ArtifactStore;
  /** Gives the path of a Python interpreter that has perennial_trainer. Asked before each training. */
  python(): Promise<string>;
  /** Trainers of your own, by the kind that specs name. */
  readonly trainers?: Readonly<Record<string, Trainer>>;
  /** Folder for scratch files and cached blobs. Default: `work` in `PERENNIAL_CACHE` or `~/.cache/perennial`. */
  readonly workFolder?: string;
  /** Most bytes of cached blobs. Default: 10 GiB. */
  readonly cacheBytes?: number;
  /**
   * Hosts, addresses and ranges (`10.1.0.0/16`) that http sources may connect to though they are not public. Default: the
   * list in `PERENNIAL_HTTP_ALLOW`, without it none.
   */
  readonly httpAllow?: readonly string[];
}

/** What the activities of a worker work with. */
export function workerDeps(options: WorkerDepsOptions): ActivityDeps {
  const { store, python, trainers = {}, cacheBytes = 10 * 1024 ** 3, httpAllow } = options;
  const folder = options.workFolder ?? privateFolder('work');
  return {
    store,
    cache: new BlobCache(store, join(folder, 'blobs'), { maxBytes: cacheBytes }),
    ledger: sharedLedgers(store),
    scratchFolder: join(folder, 'scratch'),
    openSource: (spec) => openSource(spec, httpAllow ? { httpAllow } : {}),
    trainers: { ...builtInTrainers({ python }), ...trainers },
  };
}

export interface CreateWorkerOptions extends WorkerDepsOptions {
  /** `host:port` of Temporal. Default: `localhost:7233`. */
  readonly address?: string;
  /** A connection of yours instead of an address; you close it. Default: one to `address`, closed after the run. */
  readonly connection?: NativeConnection;
  /** Default: `default`. */
  readonly namespace?: string;
  /** Default: `perennial`. */
  readonly taskQueue?: string;
}

/**
 * A worker that carries Perennial and nothing else, with the settings that suit it. Probes the store first: a backend
 * that breaks its promises is refused before any work is taken. Run the worker: its end closes the connection made here.
 *
 * @throws what `NativeConnection.connect`, the store's probe and `Worker.create` throw
 */
export async function createWorker(options: CreateWorkerOptions): Promise<Worker> {
  const { address, namespace = 'default', taskQueue = 'perennial', store } = options;
  const plugins: WorkerPlugin[] = [new PerennialPlugin({ deps: workerDeps(options) })];
  const connection = options.connection ?? (await NativeConnection.connect(address === undefined ? {} : { address }));
  if (!options.connection) plugins.push(closesAfterRun(connection));
  try {
    await store.probe();
    return await Worker.create({ connection, namespace, taskQueue, plugins, ...WORKER_DEFAULTS });
  } catch (error) {
    if (!options.connection) await connection.close();
    throw error;
  }
}

function closesAfterRun(connection: NativeConnection): WorkerPlugin {
  return {
    name: 'perennial.closes-after-run',
    async runWorker(worker, next) {
      try {
        await next(worker);
      } finally {
        await connection.close();
      }
    },
  };
}

const WORKER_DEFAULTS = {
  // Each may be a training: the machine, not the queue, is the limit.
  maxConcurrentActivityTaskExecutions: 16,
  // After kill -9 of a worker its workflows go on elsewhere this soon, instead of after ten seconds; a busy worker that
  // takes longer to answer costs a replay.
  stickyQueueScheduleToStartTimeout: '500ms',
  shutdownGraceTime: '10s',
} satisfies Partial<WorkerOptions>;
