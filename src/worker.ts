import { join } from 'node:path';
import { NativeConnection, Worker, type WorkerOptions, type WorkerPlugin } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/index.js';
import { privateFolder } from './cache-folder.js';
import { CodeFolders } from './code/code-folders.js';
import { CodePythons } from './dev/python-of-code.js';
import { PerennialPlugin } from './plugin.js';
import { classQueue, ORDINARY_CLASS } from './domain/resources.js';
import { checkedClass, declaredBudget, type WorkerResources } from './resources/declared.js';
import { workerTuner } from './resources/slots.js';
import { openSource } from './sources/index.js';
import { BlobCache } from './stores/blobs.js';
import { CountingStore } from './stores/counting-store.js';
import { RememberingStore } from './stores/remembering-store.js';
import { sharedLedgers } from './stores/shared-ledgers.js';
import type { ArtifactStore } from './stores/store.js';
import { StoreTransfers } from './stores/transfer-area.js';
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
  /** What the worker has for trainings, and the class that it is of. Default: all of this machine, of the class cpu. */
  readonly resources?: WorkerResources;
}

/** What the activities of a worker work with. */
export function workerDeps(options: WorkerDepsOptions): ActivityDeps {
  const { python, trainers = {}, cacheBytes = 10 * 1024 ** 3, httpAllow } = options;
  const store = new CountingStore(options.store);
  const folder = options.workFolder ?? privateFolder('work');
  const cache = new BlobCache(store, join(folder, 'blobs'), { maxBytes: cacheBytes });
  const code = new CodeFolders(join(folder, 'code'), cache);
  const pythons = new CodePythons(python);
  return {
    store,
    remembered: new RememberingStore(store),
    cache,
    ledger: sharedLedgers(store),
    scratchFolder: join(folder, 'scratch'),
    codeFolder: (bundle, options) => code.of(bundle, options),
    environment: (bundle, unpacked, options) => pythons.of(bundle, unpacked, options),
    openSource: (spec) => openSource(spec, httpAllow ? { httpAllow } : {}),
    trainers: { ...builtInTrainers({ python, transfers: new StoreTransfers(store) }), ...trainers },
    budget: declaredBudget(options.resources),
  };
}

export interface CreateWorkerOptions extends WorkerDepsOptions {
  /** `host:port` of Temporal. Default: `localhost:7233`. */
  readonly address?: string;
  /** A connection of yours instead of an address; you close it. Default: one to `address`, closed after the run. */
  readonly connection?: NativeConnection;
  /** Default: `default`. */
  readonly namespace?: string;
  /** That of the workflows; a worker of another class than cpu polls the queue of its class beside it. Default: `perennial`. */
  readonly taskQueue?: string;
}

/**
 * A worker that carries Perennial and nothing else, with the settings that suit it. Probes the store first: a backend
 * that breaks its promises is refused before any work is taken. Run the worker: its end closes the connection made here.
 *
 * @throws what `NativeConnection.connect`, the store's probe and `Worker.create` throw
 */
export async function createWorker(options: CreateWorkerOptions): Promise<Worker> {
  const { address, store } = options;
  const connection = options.connection ?? (await NativeConnection.connect(address === undefined ? {} : { address }));
  try {
    await store.probe();
    const plugins = options.connection ? [] : [closesAfterRun(connection)];
    return await workerOf(workerDeps(options), { ...options, connection, plugins });
  } catch (error) {
    if (!options.connection) await connection.close();
    throw error;
  }
}

export interface WorkerOfOptions extends Pick<CreateWorkerOptions, 'namespace' | 'taskQueue' | 'resources'> {
  readonly connection: NativeConnection;
  readonly plugins?: readonly WorkerPlugin[];
  /** The name by which Temporal knows it. Default: the SDK's, `<process>@<host>`. */
  readonly identity?: string;
}

/** A worker on the given deps: several in one process, of one class each, share what they have. */
export async function workerOf(deps: ActivityDeps, options: WorkerOfOptions): Promise<Worker> {
  const { connection, namespace = 'default', taskQueue = 'perennial', resources, plugins = [], identity } = options;
  const { class: name = ORDINARY_CLASS } = resources ?? {};
  const trainingsOnly = name !== ORDINARY_CLASS;
  return await Worker.create({
    connection,
    namespace,
    taskQueue: classQueue(taskQueue, checkedClass(name)),
    plugins: [new PerennialPlugin({ deps, trainingsOnly }), ...plugins],
    tuner: workerTuner(deps.budget, { trainingsOnly, others: ACTIVITIES }),
    ...(identity !== undefined && { identity }),
    ...WORKER_DEFAULTS,
  });
}

/** What is no training, at the same time. */
const ACTIVITIES = 16;

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
  // After kill -9 of a worker its workflows go on elsewhere this soon, instead of after ten seconds; a busy worker that
  // takes longer to answer costs a replay.
  stickyQueueScheduleToStartTimeout: '500ms',
  // What is short may end in this time; then trainings are asked for a last checkpoint, for which they have `trainer.grace`.
  // The worker waits for them, however long that is: whoever stops it must too.
  shutdownGraceTime: '3s',
} satisfies Partial<WorkerOptions>;
