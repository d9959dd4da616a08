import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { TrainerFailedError, TrainerHostError } from '../errors.js';
import { HostedJob } from './hosted-job.js';
import { readLines } from './line-reader.js';
import type { StartedJob } from './started-job.js';
import { trainerEnvironment } from './trainer-environment.js';
import type { TrainingLimits } from './trainer.js';

/** Importing from a cold disk may take long; no more than this. */
const READY_LIMIT_MS = 120_000;
const START_LIMIT_MS = 30_000;
const LAST_LINES = 20;
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
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #server: Server;
  readonly #waiting = new Map<string, HostedJob>();
  readonly #last: string[] = [];
  readonly #ready: Promise<void>;
  #running = 0;
  #exited: string | undefined;
  #idleSince = Date.now();

  private constructor(folder: string, child: ChildProcess, server: Server) {
    this.#folder = folder;
    this.#child = child;
    this.#server = server;
    server.on('connection', (socket) => void this.#admit(socket));
    this.#ready = this.#hear();
    // Whoever starts a job hears of it.
    this.#ready.catch(() => undefined);
  }

  /** Starts a host; jobs wait until it has imported what it should. */
  static async start({ python, preload = [], environment = {} }: PythonHostOptions): Promise<PythonHost> {
    // Short: the address of a socket has at most some hundred characters. Nobody else may look into it.
    const folder = await mkdtemp(path.join(tmpdir(), 'perennial-'));
    const address = path.join(folder, 's');
    const server = await listen(address);
    const child = spawn(python, ['-m', 'perennial_trainer.host', address, ...preload], {
      cwd: folder,
      env: trainerEnvironment(folder, environment),
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new PythonHost(folder, child, server);
  }

  /** May it be given a job? */
  get isAlive(): boolean {
    return this.#exited === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Milliseconds since its last job ended; 0 while it has one. */
  get idleMs(): number {
    return this.#running > 0 ? 0 : Date.now() - this.#idleSince;
  }

  /** @throws TrainerFailedError when a module cannot be imported, TrainerHostError when the host is gone */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /** Forks for a job. @throws as `ready` does, and TrainerHostError when the job was not heard of in time */
  async run(program: HostedProgram): Promise<StartedJob> {
    this.#running += 1;
    const release = (): void => {
      this.#running -= 1;
      this.#idleSince = Date.now();
    };
    const id = randomUUID();
    const job = new HostedJob();
    this.#waiting.set(id, job);
    try {
      await this.#ready;
      const { isAlive } = this;
      if (isAlive) this.#child.stdin?.write(`${JSON.stringify({ run: { job: id, ...program } })}\n`);
      else job.fail(this.#gone());
      await job.started(START_LIMIT_MS);
    } catch (error) {
      release();
      throw error;
    } finally {
      this.#waiting.delete(id);
    }
    void job.ended.then(release);
    return job;
  }

  /** The host ends, and its folder goes. Jobs that run are not disturbed. */
  close(): void {
    this.#child.stdin?.end();
    this.#server.close();
    void rm(this.#folder, { recursive: true, force: true });
  }

  async #hear(): Promise<void> {
    const { stdin, stdout, stderr } = this.#child;
    if (!stdin || !stdout || !stderr) throw new RangeError('the host has no pipes');
    stdin.on('error', () => undefined);
    void readLines(stderr, (line) => {
      this.#last.push(line);
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
        this.#waiting.forEach((job) => job.fail(this.#gone()));
        this.close();
      };
      this.#child.once('error', (error) => gone(error.message));
      this.#child.once('exit', (code, signal) => gone(`it ended with ${signal ?? `code ${code}`}`));
      void readLines(stdout, (line) => {
        // What is printed while Python starts comes before.
        if (!line.startsWith('{"')) return;
        const event = JSON.parse(line) as HostEvent; // written by our own host
        if ('failed' in event) reject(notImported(event.failed));
        else if ('refused' in event) this.#waiting.get(event.refused.job)?.fail(refused(event.refused.message));
        else resolve();
        clearTimeout(late);
      });
    });
    // A worker that has nothing else to do may end, and the host with it.
    for (const each of [stdin, stdout, stderr]) (each as Readable & Socket).unref();
    this.#child.unref();
    this.#server.unref();
  }

  /** A connection of a job says whose it is in its first line. */
  async #admit(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    const hello = await firstLine(socket);
    const { job = '', stream } = (hello === undefined ? {} : JSON.parse(hello)) as { job?: string; stream?: string };
    const waiting = this.#waiting.get(job);
    if (!waiting || !waiting.connect(stream, socket)) socket.destroy();
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

function listen(address: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => resolve(server));
  });
}

function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    const take = (): void => {
      heard = Buffer.concat([heard, (socket.read() as Buffer | null) ?? Buffer.alloc(0)]);
      const end = heard.indexOf(10);
      if (end < 0) return;
      socket.off('readable', take);
      const rest = heard.subarray(end + 1);
      if (rest.length > 0) socket.unshift(rest);
      resolve(heard.toString('utf8', 0, end));
    };
    socket.on('readable', take);
    socket.once('close', () => resolve(undefined));
  });
}

function notImported(reason: string): TrainerFailedError {
  return new TrainerFailedError(`Cannot prepare a Python host: ${reason}`, {
    fix: 'correct trainer.preload in the spec, or lock the package that it names with the code',
  });
}

function refused(reason: string): TrainerHostError {
  return new TrainerHostError(`Cannot fork for a job: ${reason}`, { fix: RETRY });
}
