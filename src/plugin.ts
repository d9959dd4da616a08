import { readFileSync } from 'node:fs';
import { SimplePlugin } from '@temporalio/plugin';
import type { BundleOptions, ReplayWorkerOptions, Worker, WorkerOptions } from '@temporalio/worker';
import { createActivities, type ActivityDeps } from '../activities/index.js';
import { sweepScratch } from '../activities/scratch.js';
import { PluginClashError, UsageError } from './errors.js';
import { workerTuner } from './resources/slots.js';
import { combineWorkflows, isCombined, ownWorkflows } from './workflow-code.js';

export interface PerennialPluginOptions {
  /** What the activities work with; see `workerDeps`. Only a client or a replay can do without. */
  readonly deps?: ActivityDeps;
  /** For a worker on the task queue of a class (`<queue>-<class>`): no workflows, and no more trainings than fit. Default: false. */
  readonly trainingsOnly?: boolean;
}

/**
 * Makes any Temporal Worker one that carries Perennial's workflows and activities beside its own. Give it to
 * `Worker.create({ plugins })`, and to `bundleWorkflowCode({ plugins })` if you build your bundle ahead. Registered on a
 * connection and a worker at once, it still has one effect. Interceptors and codecs stay the user's own.
 *
 * @throws {PluginClashError} from `Worker.create` when the worker has another activity or workflow of one of our names
 * @throws {UsageError} from `Worker.create` when a prebuilt bundle lacks our workflows, or `deps` is missing
 */
export class PerennialPlugin extends SimplePlugin {
  readonly #deps: ActivityDeps | undefined;
  readonly #activities: object | undefined;
  readonly #trainingsOnly: boolean;

  constructor({ deps, trainingsOnly = false }: PerennialPluginOptions = {}) {
    super({ name: 'perennial.PerennialPlugin' });
    this.#deps = deps;
    this.#trainingsOnly = trainingsOnly;
    this.#activities = deps && createActivities(deps);
    if (this.#activities) Object.values(this.#activities).forEach((activity: object) => OURS.add(activity));
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    return {
      ...options,
      ...(this.#trainingsOnly ? {} : withWorkflows(options)),
      ...withHeartbeats(options),
      ...this.#withSlots(options),
      activities: this.#withActivities(options.activities),
    };
  }

  /**
   * What workers that were killed have left on the disk goes: not before, but beside the work, which must not wait. At the
   * end goes what trainers keep warm.
   */
  override async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    const swept = this.#deps && Promise.all([sweepScratch(this.#deps.scratchFolder), this.#deps.cache.sweep()]);
    try {
      await super.runWorker(worker, next);
    } finally {
      await Promise.all([swept, ...Object.values(this.#deps?.trainers ?? {}).map((trainer) => trainer.close?.())]);
    }
  }

  override configureReplayWorker(options: ReplayWorkerOptions): ReplayWorkerOptions {
    return { ...options, ...withWorkflows(options) };
  }

  override configureBundler(options: BundleOptions): BundleOptions {
    return isCombined(options.workflowsPath) ? options : combineWorkflows(options);
  }

  /** What the user has set of slots stays: the budget alone then keeps trainings from taking more than there is. */
  #withSlots(options: WorkerOptions): Pick<WorkerOptions, 'tuner'> {
    const { tuner, maxConcurrentActivityTaskExecutions: activities } = options;
    const { maxConcurrentWorkflowTaskExecutions: workflows, maxConcurrentLocalActivityExecutions: local } = options;
    if (!this.#deps || tuner || (activities ?? workflows ?? local) !== undefined) return {};
    return { tuner: workerTuner(this.#deps.budget, { trainingsOnly: this.#trainingsOnly }) };
  }

  #withActivities(users: object = {}): object {
    if (!this.#activities) {
      throw new UsageError('Cannot add Perennial to a worker: the plugin was made without "deps"', {
        fix: 'new PerennialPlugin({ deps: await workerDeps({ store }) })',
      });
    }
    const existing = users as Readonly<Record<string, unknown>>;
    const clash = Object.keys(this.#activities).find((name) => name in users && !isOurs(existing[name]));
    if (clash !== undefined) {
      throw new PluginClashError(`Cannot add Perennial to a worker: it has another activity named "${clash}"`, {
        fix: 'Rename your activity: names that start with "perennial." are ours.',
      });
    }
    return isOurs(existing['perennial.ingest']) ? users : { ...users, ...this.#activities };
  }
}

/** Every activity that any instance made: how a second registration is told from a user's activity of our name. */
const OURS = new WeakSet<object>();

function isOurs(activity: unknown): boolean {
  return typeof activity === 'function' && OURS.has(activity);
}

/**
 * The SDK holds heartbeats back for 0.8 of their timeout: of our 4 s, less than one would remain for whatever delays one.
 * What the user has set stays.
 */
function withHeartbeats(options: WorkerOptions) {
  const { maxHeartbeatThrottleInterval = '1s', defaultHeartbeatThrottleInterval = '1s' } = options;
  return { maxHeartbeatThrottleInterval, defaultHeartbeatThrottleInterval };
}

type WorkflowOptions = Pick<WorkerOptions, 'workflowsPath' | 'workflowBundle'>;

/** A user's path is combined with ours while bundling, a user's bundle must hold ours, and without either ours serve. */
function withWorkflows({ workflowsPath, workflowBundle }: WorkflowOptions): WorkflowOptions {
  if (workflowBundle) {
    const code = 'code' in workflowBundle ? workflowBundle.code : readFileSync(workflowBundle.codePath, 'utf8');
    if (code.includes('perennial/workflow-marker')) return { workflowBundle };
    throw new UsageError('Cannot add Perennial to a worker: its workflow bundle was built without our workflows', {
      fix: "Build it with bundleWorkflowCode({ plugins: [new PerennialPlugin()] }), or add `export * from 'perennial/workflows'` to your workflows.",
    });
  }
  return workflowsPath === undefined ? ownWorkflows() : { workflowsPath };
}
