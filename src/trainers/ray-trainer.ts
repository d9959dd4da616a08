import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ElsewhereResult } from '../domain/elsewhere.js';
import {
  ServiceUnreachableError,
  TrainerFailedError,
  TrainerHostError,
  TrainerPackagesError,
  type PerennialError,
} from '../errors.js';
import { FAR_PACKAGES } from './activity-failure.js';
import { moduleUrl } from '../module-url.js';
import { RayCluster, type RayJob } from './ray-cluster.js';
import { trainerPackage, type RayPackage } from './ray-package.js';
import { redact } from './redact.js';
import { runRemoteJob, type Submitted } from './remote-job.js';
import { remoteContent, writeOrder, type RemoteContent } from './remote-order.js';
import type { RemoteTransfers } from './remote-transfers.js';
import type { Trainer, TrainerCallbacks, TrainingJob, TrainingOutput } from './trainer.js';

export interface RayTrainerOptions {
  readonly transfers: RemoteTransfers;
  /** Folder with the package `perennial_trainer`. Default: that of this package. */
  readonly sources?: string;
  /** Of clusters that ask for one. Default: RAY_AUTH_TOKEN. */
  readonly token?: string;
}

const POLL_MS = 1000;
/** A cluster that cannot be reached for so long is given up by this attempt; the next one goes on following the job. */
const PATIENCE_MS = 120_000;
const LOG_LINES = 40;
const LINE_LENGTH = 500;

/** A cluster may lose a job through no fault of the trainer. */
const CAN_HEAL: ReadonlySet<string> = new Set([
  'JOB_SUPERVISOR_ACTOR_START_TIMEOUT',
  'JOB_SUPERVISOR_ACTOR_DIED',
  'JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE',
]);

/** What `perennial_trainer.remote` says last when a job could not be taken or handed back. */
const UNTAKEN = /^(RemoteError|AddressRefused|Damaged):/;
const PACKAGES_MISSING = /^PackagesMissing:/;

/**
 * Has jobs done on a Ray cluster, by its Jobs API. The driver of a job takes its order from the store and runs the trainer,
 * which may use all of the cluster. An attempt after this one finds the job by its submission id and follows it.
 *
 * Results are never taken from the step cache: nobody here knows with which libraries the cluster trains.
 */
export class RayTrainer implements Trainer {
  readonly kind = 'ray';
  readonly #options: RayTrainerOptions;

  constructor(options: RayTrainerOptions) {
    this.#options = options;
  }

  async train(job: TrainingJob, callbacks: TrainerCallbacks): Promise<TrainingOutput> {
    const { transfers, token = process.env['RAY_AUTH_TOKEN'] } = this.#options;
    const { address } = job.place ?? {};
    const cluster = new RayCluster(typeof address === 'string' ? address : '', token);
    return await runRemoteJob(job, callbacks, transfers, async () => {
      const content = await remoteContent(transfers, job, callbacks.signal);
      const id = submissionId(job.name, content.sha256);
      const prefix =
        (await this.#underWay(cluster, id)) ?? (await this.#submit(cluster, id, job, content, callbacks.signal));
      return new SubmittedRayJob(cluster, id, prefix);
    });
  }

  /** Where the job leaves what it makes, when another attempt has submitted it and it runs, or nobody took what it made. */
  async #underWay(cluster: RayCluster, id: string): Promise<string | undefined> {
    const found = await cluster.job(id);
    if (!found) return undefined;
    const prefix = found.metadata?.['prefix'];
    const { transfers } = this.#options;
    if (prefix !== undefined) {
      if (!hasEnded(found)) return prefix;
      if (found.status === 'SUCCEEDED' && (await transfers.find(`${prefix}model.onnx`, ''))) return prefix;
    }
    await cluster.forget(id);
    return undefined;
  }

  async #submit(
    cluster: RayCluster,
    id: string,
    job: TrainingJob,
    content: RemoteContent,
    signal: AbortSignal,
  ): Promise<string> {
    const { transfers } = this.#options;
    const packed = await this.#package();
    await cluster.upload(packed.name, () => Promise.resolve(packed.bytes));
    const { order, prefix } = await writeOrder(transfers, job, content, signal);
    const { packages, cpus, gpus, memoryBytes } = job.place ?? {};
    const submitted = await cluster.submit({
      entrypoint: 'python -m perennial_trainer.remote',
      submission_id: id,
      runtime_env: {
        working_dir: `gcs://${packed.name}`,
        // Not in the entrypoint, which every page of the dashboard shows: who has the order's address may read the job.
        env_vars: { PERENNIAL_ORDER: JSON.stringify(order) },
        ...(Array.isArray(packages) && packages.length > 0 && { pip: packages as unknown }),
      },
      metadata: { prefix, name: job.name },
      ...(typeof cpus === 'number' && { entrypoint_num_cpus: cpus }),
      ...(typeof gpus === 'number' && gpus > 0 && { entrypoint_num_gpus: gpus }),
      ...(typeof memoryBytes === 'number' && { entrypoint_memory: memoryBytes }),
    });
    if (submitted) return prefix;
    // Another attempt was faster.
    await transfers.remove(prefix, { signal });
    const other = (await cluster.job(id))?.metadata?.['prefix'];
    if (other !== undefined) return other;
    throw new TrainerHostError(`Cannot train on Ray at ${cluster.address}: job ${id} is there and is not ours`);
  }

  async #package(): Promise<RayPackage> {
    return await trainerPackage(this.#options.sources ?? ownSources());
  }
}

class SubmittedRayJob implements Submitted {
  readonly prefix: string;
  readonly #cluster: RayCluster;
  readonly #id: string;

  constructor(cluster: RayCluster, id: string, prefix: string) {
    this.#cluster = cluster;
    this.#id = id;
    this.prefix = prefix;
  }

  /** What it hands back is in its report; when that is not there, its log says why. */
  async ended(left: AbortSignal): Promise<ElsewhereResult | undefined> {
    const job = await this.#end(left);
    if (!job) throw new TrainerHostError(`${this.#what()}: the cluster does not know it any more`);
    if (job.status === 'SUCCEEDED' || job.status === 'STOPPED') return undefined;
    if (job.error_type === 'JOB_ENTRYPOINT_COMMAND_ERROR' && (await this.#saidHow())) return undefined;
    throw await this.#failure(job);
  }

  async stop(): Promise<void> {
    await this.#cluster.stop(this.#id);
  }

  async waitsFor(): Promise<string | undefined> {
    const job = await this.#cluster.job(this.#id);
    return job?.status === 'PENDING' ? `waiting for Ray: ${job.message ?? 'the job is pending'}` : undefined;
  }

  async #end(left: AbortSignal): Promise<RayJob | undefined> {
    let heard = Date.now();
    for (;;) {
      try {
        const job = await this.#cluster.job(this.#id);
        heard = Date.now();
        if (!job || hasEnded(job)) return job;
      } catch (error) {
        if (!(error instanceof ServiceUnreachableError) || Date.now() - heard > PATIENCE_MS) throw error;
      }
      await sleep(POLL_MS, undefined, { signal: left });
    }
  }

  /** The driver tells at its end, also of a trainer that failed. */
  async #saidHow(): Promise<boolean> {
    const log = await this.#cluster.logs(this.#id).catch(() => '');
    return log.trimEnd().split('\n').at(-1)?.startsWith('{"ended"') === true;
  }

  async #failure(job: RayJob): Promise<PerennialError> {
    const log = await this.#cluster.logs(this.#id).catch(() => '');
    const tail = log.trimEnd().split('\n').slice(-LOG_LINES).map(shown);
    const message = `${this.#what()}: ${shown(job.message ?? 'it failed')}`;
    const details = { ray: this.#cluster.address, job: this.#id, errorType: job.error_type ?? null, log: tail };
    if (CAN_HEAL.has(job.error_type ?? '') || UNTAKEN.test(tail.at(-1) ?? '')) {
      return new TrainerHostError(message, { fix: 'nothing: it is tried again', details });
    }
    if (PACKAGES_MISSING.test(tail.at(-1) ?? '')) {
      return new TrainerPackagesError(`${this.#what()}: ${tail.at(-1)}`, { ...FAR_PACKAGES, details });
    }
    const fix = `read its log (perennial logs MODEL RUN), and ${this.#cluster.address}/#/jobs/${this.#id}`;
    return new TrainerFailedError(message, { fix, details });
  }

  #what(): string {
    return `train on Ray at ${this.#cluster.address}, job ${this.#id}`;
  }
}

function hasEnded({ status }: RayJob): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'STOPPED';
}

/** The same for each attempt of a job. */
function submissionId(name: string, sha256: string): string {
  return `perennial-${name.replaceAll(/[^A-Za-z0-9_-]/g, '-')}-${sha256.slice(0, 16)}`;
}

function ownSources(): string {
  return fileURLToPath(new URL('../../../python/src/', moduleUrl(import.meta.url, './index.js')));
}

function shown(text: string): string {
  return redact(text.replaceAll(/[^\P{Cc}\t\n]/gu, '')).slice(0, LINE_LENGTH);
}
