import path from 'node:path';
import { canonicalJson } from '../domain/canonical.js';
import { findProgram } from './find-program.js';
import { JOB_FILE } from './job-file.js';
import { PythonIdentity } from './python-identity.js';
import { runJob } from './run-job.js';
import { runTrials, SEARCH_MODULE } from './run-trials.js';
import { startProcess } from './start-process.js';
import { missingProgram } from './trainer-failure.js';
import type { Trainer, TrainerCallbacks, TrainingJob, TrainingOutput, TrialsCallbacks, TrialsJob } from './trainer.js';

export interface ProcessTrainerOptions {
  /** Path of an interpreter with `perennial_trainer`, for built-in estimators. Asked when a job needs it. */
  readonly python: () => Promise<string>;
  /**
   * More environment variables for trainers, which otherwise see only PATH, LANG, HOME and TMPDIR (the job's folder), the
   * numbers of threads, and what the spec names. What is put here can be read by every trainer: no credentials of the worker.
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs each job as a process of its own: any command on the job contract, a Python program of a code bundle, or a built-in
 * estimator of `perennial_trainer`. The trainer gets no secret of the worker, cannot outlive it, and is believed only after
 * its output was checked.
 *
 * What it used: the processor time is exact (of all its processes, as the kernel counted), the memory is the greatest that
 * was seen when it was looked at, some times a second.
 */
export class ProcessTrainer implements Trainer {
  readonly kind = 'process';
  readonly #options: ProcessTrainerOptions;
  readonly #pythons = new PythonIdentity();

  constructor(options: ProcessTrainerOptions) {
    this.#options = options;
  }

  async train(job: TrainingJob, callbacks: TrainerCallbacks): Promise<TrainingOutput> {
    callbacks.signal.throwIfAborted();
    const command = job.command ?? (await this.#pythonCommand(job));
    const [program = ''] = command;
    const { folder, code, entry } = job;
    const options = this.#processOptions(
      job,
      entry === undefined || !code ? {} : { PYTHONPATH: path.resolve(code.folder) },
    );
    const searchPath = options.environment['PATH'];
    if ((await findProgram(program, { folder, searchPath })) === undefined) throw missingProgram(job, program);
    return await runJob(job, callbacks, () => startProcess([...command, JOB_FILE], options));
  }

  async trials(job: TrialsJob, callbacks: TrialsCallbacks): Promise<void> {
    const python = job.job.python ?? (await this.#options.python());
    const options = this.#processOptions(job.job);
    await runTrials(job, callbacks, (file) => startProcess([python, '-m', SEARCH_MODULE, file], options));
  }

  /** Of the built-in estimators; nobody knows what a command of the user's own reads. */
  async identity(python?: string): Promise<readonly string[] | undefined> {
    const { environment = {} } = this.#options;
    try {
      return [...(await this.#pythons.of(python ?? (await this.#options.python()))), canonicalJson(environment)];
    } catch {
      // The training, which comes next, fails of the same and says so better.
      return undefined;
    }
  }

  #processOptions({ folder, limits, environment }: TrainingJob, more: Readonly<Record<string, string>> = {}) {
    return {
      folder,
      limits,
      environment: { ...this.#options.environment, ...environment, ...more },
      // Who has no Python can still run other programs.
      supervisor: () => this.#options.python().catch(() => undefined),
    };
  }

  async #pythonCommand({ python, entry, code, folder }: TrainingJob): Promise<string[]> {
    const interpreter = python ?? (await this.#options.python());
    if (entry === undefined) return [interpreter, '-m', 'perennial_trainer'];
    // Nothing in the folder of the code is changed: it is shared with other jobs.
    return [interpreter, '-B', path.resolve(code?.folder ?? folder, entry)];
  }
}
