import { stat } from 'node:fs/promises';
import path from 'node:path';
import { canonicalJson } from '../domain/canonical.js';
import { TrainerFailedError } from '../errors.js';
import { beforeAbort } from './before-abort.js';
import { JOB_FILE } from './job-file.js';
import type { HostedProgram, PythonHostOptions } from './python-host.js';
import { PythonHosts } from './python-hosts.js';
import { PythonIdentity } from './python-identity.js';
import type { ProcessTrainerOptions } from './process-trainer.js';
import { runJob } from './run-job.js';
import { runTrials, SEARCH_MODULE } from './run-trials.js';
import { trainerEnvironment } from './trainer-environment.js';
import { missingEntry } from './trainer-failure.js';
import type { Trainer, TrainerCallbacks, TrainingJob, TrainingOutput, TrialsCallbacks, TrialsJob } from './trainer.js';

export interface PythonTrainerOptions extends ProcessTrainerOptions {
  /** Time after which a host that nobody used ends, in milliseconds. Default: five minutes. */
  readonly idleMs?: number;
}

/**
 * Runs Python programs in processes forked from a warm host, which has imported the libraries: a built-in estimator of
 * `perennial_trainer`, or the `entry` of a code bundle. Like every trainer's, such a process gets no secret of the worker,
 * cannot outlive it, and is believed only after its output was checked.
 */
export class PythonTrainer implements Trainer {
  readonly kind = 'python';
  readonly #options: PythonTrainerOptions;
  readonly #identities = new PythonIdentity();
  readonly #hosts: PythonHosts;

  constructor(options: PythonTrainerOptions) {
    this.#options = options;
    this.#hosts = new PythonHosts(this.#identities, options.idleMs);
  }

  async train(job: TrainingJob, callbacks: TrainerCallbacks): Promise<TrainingOutput> {
    const program = await programOf(job);
    const { signal } = callbacks;
    return await runJob(job, callbacks, async () => {
      return await this.#hosts.run(await beforeAbort(this.#hostOf(job), signal), this.#hosted(job, program), signal);
    });
  }

  async trials(job: TrialsJob, callbacks: TrialsCallbacks): Promise<void> {
    const { signal } = callbacks;
    const host = await beforeAbort(this.#hostOf(job.job), signal);
    const program = this.#hosted(job.job, { module: SEARCH_MODULE });
    await runTrials(job, callbacks, (file) => this.#hosts.run(host, { ...program, arguments: [file] }, signal));
  }

  /** Starts the host that most jobs will use. */
  async warm(): Promise<void> {
    await this.#hosts.warm(await this.#hostOf({}));
  }

  async identity(python?: string): Promise<readonly string[] | undefined> {
    const { environment = {} } = this.#options;
    try {
      return [...(await this.#identities.of(python ?? (await this.#options.python()))), canonicalJson(environment)];
    } catch {
      // The training, which comes next, fails of the same and says so better.
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#hosts.close();
  }

  async #hostOf({ python, preload }: Pick<TrainingJob, 'python' | 'preload'>): Promise<PythonHostOptions> {
    const { environment } = this.#options;
    return {
      python: python ?? (await this.#options.python()),
      ...(preload && { preload }),
      ...(environment && { environment }),
    };
  }

  #hosted(job: TrainingJob, program: HostedProgram['program']): HostedProgram {
    const { folder, environment, limits } = job;
    return {
      folder,
      program,
      arguments: [JOB_FILE],
      environment: trainerEnvironment(folder, { ...this.#options.environment, ...environment }),
      limits,
    };
  }
}

async function programOf(job: TrainingJob): Promise<HostedProgram['program']> {
  const { command, entry, code } = job;
  if (command !== undefined)
    throw new TrainerFailedError(`train with "${command[0]}": trainers of kind "python" run no commands`, {
      fix: 'leave trainer.kind out of the spec, or let trainer.entry name a Python file in trainer.code',
    });
  if (entry === undefined) return { module: 'perennial_trainer' };
  const folder = path.resolve(code?.folder ?? job.folder);
  const file = path.join(folder, entry);
  if (!(await stat(file).catch(() => undefined))?.isFile()) throw missingEntry(job, entry);
  return { file, folder };
}
