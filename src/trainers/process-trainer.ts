import { canonicalJson } from '../domain/canonical.js';
import { JOB_FILE, writeJobFile } from './job-file.js';
import { programExists } from './launch.js';
import { PythonIdentity } from './python-identity.js';
import { endingFailure, missingProgram, outputFailure } from './trainer-failure.js';
import { OutputProblem, readOutput } from './trainer-output.js';
import { runTrainerProcess } from './trainer-process.js';
import { TrainerWords } from './trainer-words.js';
import type { Trainer, TrainerCallbacks, TrainingJob, TrainingOutput } from './trainer.js';

export interface ProcessTrainerOptions {
  /** Path of an interpreter with `perennial_trainer`, for built-in estimators. Asked when a job needs it. */
  readonly python: () => Promise<string>;
  /**
   * More environment variables for trainers, which otherwise see only PATH, LANG, HOME and TMPDIR (the job's folder) and
   * the numbers of threads. What is put here can be read by every trainer: no credentials of the worker.
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs each job as a process of its own: a built-in estimator of `perennial_trainer`, or any command on the same job
 * contract. The trainer gets no secret of the worker, cannot outlive it, and is believed only after its output was checked.
 */
export class ProcessTrainer implements Trainer {
  readonly kind = 'process';
  readonly #options: ProcessTrainerOptions;
  readonly #pythons = new PythonIdentity();

  constructor(options: ProcessTrainerOptions) {
    this.#options = options;
  }

  async train(job: TrainingJob, callbacks: TrainerCallbacks): Promise<TrainingOutput> {
    const { signal } = callbacks;
    signal.throwIfAborted();
    const command = job.command ?? [await this.#options.python(), '-m', 'perennial_trainer'];
    const program = command[0] ?? '';
    if (!(await programExists(program, job.folder))) throw missingProgram(job, program);
    await writeJobFile(job);
    signal.throwIfAborted();

    const words = new TrainerWords((progress) => callbacks.progress(progress));
    const ending = await runTrainerProcess([...command, JOB_FILE], {
      folder: job.folder,
      environment: this.#options.environment ?? {},
      timeoutMs: job.timeoutMs,
      signal,
      words,
    });
    if (ending.kind === 'aborted') throw signal.reason;
    const failed = endingFailure(job, ending, words);
    if (failed !== undefined) throw failed;
    return await this.#output(job, words);
  }

  /** Of the built-in estimators; nobody knows what a command of the user's own reads. */
  async identity(): Promise<readonly string[] | undefined> {
    const { python, environment = {} } = this.#options;
    try {
      return [...(await this.#pythons.of(await python())), canonicalJson(environment)];
    } catch {
      // The training, which comes next, fails of the same and says so better.
      return undefined;
    }
  }

  async #output(job: TrainingJob, words: TrainerWords): Promise<TrainingOutput> {
    try {
      return await readOutput(job.folder);
    } catch (error) {
      if (error instanceof OutputProblem) throw outputFailure(job, error.message, words);
      throw error;
    }
  }
}
