import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Socket } from 'node:net';
import { TrainerFailedError, TrainerHostError } from '../errors.js';
import { beforeAbort } from './before-abort.js';
import { textCleaner } from './clean-text.js';
import { HostedJob } from './hosted-job.js';
import { JobConnections } from './job-connections.js';
import { readLines } from './line-reader.js';
import type { StartedJob } from './started-job.js';
import { trainerEnvironment } from './trainer-environment.js';
import type { TrainingLimits } from './trainer.js';

/** Importing from a cold disk may take long; no more than this. */
const READY_LIMIT_MS = 120_000;
/** It takes milliseconds; a host that needs longer hangs. */
const START_LIMIT_MS = 10_000;
const LAST_LINES = 20;
const LINE_LENGTH = 500;
const REASON_LENGTH = 2000;
const RETRY = 'nothing: it is tried again; if it stays, look whether the machine runs out of memory';

export interface PythonHostOptions {
  /** Path of an interpreter that has perennial_trainer. */
  readonly python: string;
  /** Modules to import ahead. Default: what the built-in estimators need. */
  readonly preload?: readonly string[];
  /** More variables of the host itself, for the libraries that it imports. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a host runs for a job. */
export interface HostedProgram {
  /** The working directory. */
  readonly folder: string;
  /** A module of the environment, or a file of the folder of some code. */
  readonly program: { readonly module: string } | { readonly file: string; readonly folder: string };
  readonly arguments: readonly string[];
  /** All of its variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: TrainingLimits;
}

/**
 * A Python process that has imported the libraries and forks for each job, which takes milliseconds instead of a second. It
 * ends with the worker, however that ends. Its jobs talk to the worker directly and outlive the host, but not the worker.
 */
export class PythonHost {
  readonly #child: ChildProcess;
  readonly #connections: JobConnections;
  readonly #clean = textCleaner();
  readonly #last: string[] = [];
  readonly #ready: Promise<void>;
  #running = 0;
  #exited: string | undefined;
  #idleSince = Date.now();

  private constructor(child: ChildProcess, connections: JobConnections) {
    this.#child = child;
    this.#connections = connections;
    this.#ready = this.#hear();
    // Whoever starts a job hears of it.
    this.#ready.catch(() => undefined);
  }

  /** Starts a host; jobs wait until it has imported what it should. */
  static async start({ python, preload = [], environment = {} }: PythonHostOptions): Promise<PythonHost> {
    const connections = await JobConnections.open();
    const { folder, address } = connections;
    const child = spawn(python, ['-m', 'perennial_trainer.host', address, ...preload], {
      cwd: folder,
      env: trainerEnvironment(folder, environment),
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new PythonHost(child, connections);
  }

  /** May it be given a job? */
  get isAlive(): boolean {
    return this.#exited === undefined;
  }

  /** Milliseconds since its last job ended; 0 while it has one. */
  get idleMs(): number {
    return this.#running > 0 ? 0 : Date.now() - this.#idleSince;
  }

  /** @throws TrainerFailedError when a module cannot be imported, TrainerHostError when the host is gone */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /**
   * Forks for a job, unless it is aborted before that.
   * @throws as `ready` does, TrainerHostError when the job was not heard of in time, and the reason of the abort
   */
  async run(program: HostedProgram, signal: AbortSignal): Promise<StartedJob> {
    this.#running += 1;
    const job = new HostedJob();
    const name = this.#connections.expect(job);
    try {
      await beforeAbort(this.#ready, signal);
      if (this.isAlive) this.#child.stdin?.write(`${JSON.stringify({ run: { job: name, ...program } })}\n`);
      else job.fail(this.#gone());
      await this.#begun(job);
    } catch (error) {
      this.#release();
      throw error;
    } finally {
      this.#connections.forget(name);
    }
    void job.ended.then(() => this.#release());
    return job;
  }

  /** The host ends, and its folder goes. Jobs that run are not disturbed. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#connections.close();
  }

  #release(): void {
    this.#running -= 1;
    this.#idleSince = Date.now();
  }

  /** A host that hangs would hang for the next job, too. */
  async #begun(job: HostedJob): Promise<void> {
    const late = setTimeout(() => {
      this.#exited = `a job did not begin within ${START_LIMIT_MS / 1000} s`;
      job.fail(this.#gone());
      this.#child.kill('SIGKILL');
    }, START_LIMIT_MS);
    try {
      await job.begun;
    } finally {
      clearTimeout(late);
    }
  }

  async #hear(): Promise<void> {
    const { stdin, stdout, stderr } = this.#child;
    if (!stdin || !stdout || !stderr) throw new RangeError('the host has no pipes');
    stdin.on('error', () => undefined);
    void readLines(stderr, (line) => {
      this.#last.push(this.#clean(line, LINE_LENGTH));
      if (this.#last.length > LAST_LINES) this.#last.shift();
    });
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#child.kill('SIGKILL');
        reject(
          new TrainerHostError(`Cannot start a Python host: it took over ${READY_LIMIT_MS / 1000} s`, { fix: RETRY }),
        );
      }, READY_LIMIT_MS);
      const gone = (reason: string): void => {
        this.#exited = reason;
        clearTimeout(late);
        reject(this.#gone());
        this.#connections.failAll(this.#gone());
        void this.close();
      };
      this.#child.once('error', (error) => gone(error.message));
      this.#child.once('exit', (code, signal) => gone(`it ended with ${signal ?? `code ${code}`}`));
      void readLines(stdout, (line) => {
        // What is printed while Python starts comes before.
        if (!line.startsWith('{"')) return;
        const event = JSON.parse(line) as HostEvent; // written by our own host
        if ('failed' in event) reject(notImported(this.#clean(event.failed, REASON_LENGTH)));
        else if ('refused' in event) this.#connections.fail(event.refused.job, refused(event.refused.message));
        else resolve();
        clearTimeout(late);
      });
    });
    // A worker that has nothing else to do may end, and the host with it.
    for (const each of [stdin, stdout, stderr]) (each as Readable & Socket).unref();
    this.#child.unref();
  }

  #gone(): TrainerHostError {
    return new TrainerHostError(`Cannot run a job in the Python host: ${this.#exited ?? 'it is gone'}`, {
      fix: RETRY,
      details: { log: this.#last },
    });
  }
}

type HostEvent =
  | { readonly ready: { readonly isolation: string; readonly missing: readonly string[] } }
  | { readonly failed: string }
  | { readonly refused: { readonly job: string; readonly message: string } };

function notImported(reason: string): TrainerFailedError {
  return new TrainerFailedError(`Cannot prepare a Python host: ${reason}`, {
    fix: 'correct trainer.preload in the spec, or lock the package that it names with the code',
  });
}

function refused(reason: string): TrainerHostError {
  return new TrainerHostError(`Cannot fork for a job: ${reason}`, { fix: RETRY });
}
