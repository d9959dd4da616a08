import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { TrainerFailedError, type PerennialError } from '../../src/errors.js';
import type {
  Trainer,
  TrainerCallbacks,
  TrainingCheckpoint,
  TrainingJob,
  TrainingOutput,
  TrainingProgress,
  TrainingUsage,
} from '../../src/trainers/trainer.js';
import { jobIn } from '../src/trainers/job-in.js';

/** Before every script: the job, and what a good trainer does. */
export const PRELUDE = `
import json, os, shutil, signal, subprocess, sys, time
job = json.load(open(sys.argv[-1]))
def say(content, to=1):
    line = (content if isinstance(content, str) else json.dumps(content)) + "\\n"
    rest = line.encode()
    while rest: rest = rest[os.write(to, rest):]
def write(file, text=""):
    with open(file, "w") as opened: opened.write(text)
def model(): write(job["output"] + "/model.onnx", "a model")
def metrics(text='{"metrics":{"auc":0.8},"versions":{"python":"3"}}'): write(job["output"] + "/metrics.json", text)
def forever():
    while True: time.sleep(1)
def daemon():
    "Leaves the group, the session, the parent and all variables behind."
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: os.execve("/bin/sleep", ["sleep", "1000"], {})
        os._exit(0)
    os.wait()
`;

/** Of kinds that have jobs done elsewhere. */
export interface Elsewhere {
  /** The folder below which the far side lays jobs out, asked when one has run. */
  jobs(folder: string): string;
}

/** How a kind of trainer is told to run a Python script: what to change in the job. The folder is the job's. */
export type Programs = (script: string, folder: string) => Promise<Partial<TrainingJob>> | Partial<TrainingJob>;

/** Processes that work in a folder or below it: those of a job, however they were started. */
export async function processesIn(folder: string): Promise<string[]> {
  const place = await realpath(folder);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, index) => `${places[index]}/`.startsWith(`${place}/`));
}

/** A trainer with a fresh folder for each test, and what was heard of the job. */
export class TrainerBench {
  folder = '';
  aborter = new AbortController();
  heard: TrainingProgress[] = [];
  points: [step: number, values: Readonly<Record<string, number>>][] = [];
  log: string[] = [];
  checkpoints: TrainingCheckpoint[] = [];
  used: TrainingUsage[] = [];
  /** What keeping a checkpoint does, beside noting it. */
  keep: (checkpoint: TrainingCheckpoint) => Promise<void> = () => Promise.resolve();
  #trainer: Trainer | undefined;
  readonly #programs: Programs;
  readonly elsewhere: Elsewhere | undefined;

  constructor(make: () => Trainer | Promise<Trainer>, programs: Programs, elsewhere?: Elsewhere) {
    this.#programs = programs;
    this.elsewhere = elsewhere;
    beforeAll(async () => {
      this.#trainer = await make();
    });
    afterAll(async () => {
      await this.#trainer?.close?.();
    });
    beforeEach(async () => {
      this.folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
      this.aborter = new AbortController();
      this.heard = [];
      this.points = [];
      this.log = [];
      this.checkpoints = [];
      this.used = [];
      this.keep = () => Promise.resolve();
    });
    afterEach(async () => {
      await rm(this.folder, { recursive: true, force: true });
    });
  }

  async train(script: string, changes: Partial<TrainingJob> = {}): Promise<TrainingOutput> {
    const program = await this.#programs(PRELUDE + script, this.folder);
    if (!this.#trainer) throw new Error('the trainer is made before all tests');
    return await this.#trainer.train(jobIn(this.folder, { ...program, ...changes }), this.#callbacks());
  }

  async failure(script: string, changes: Partial<TrainingJob> = {}): Promise<PerennialError> {
    const error = await this.train(script, changes).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TrainerFailedError);
    expect(await this.processes()).toEqual([]);
    // Just checked.
    return error as TrainerFailedError;
  }

  /** Those of the job. */
  async processes(): Promise<string[]> {
    return await processesIn(this.elsewhere?.jobs(this.folder) ?? this.folder);
  }

  /** Waits for a file that a script writes when it has come so far. */
  async reached(file: string): Promise<void> {
    const there = () => existsSync(path.join(this.folder, file));
    await expect.poll(there, { timeout: 20_000, interval: 10 }).toBe(true);
  }

  #callbacks(): TrainerCallbacks {
    return {
      signal: this.aborter.signal,
      progress: (progress) => {
        this.heard.push(progress);
      },
      point: (step, values) => {
        this.points.push([step, values]);
      },
      log: (line) => {
        this.log.push(line);
      },
      usage: (used) => {
        this.used.push(used);
      },
      checkpoint: async (checkpoint) => {
        this.checkpoints.push(checkpoint);
        await this.keep(checkpoint);
      },
    };
  }
}

/** The last lines of the log, as an error shows them. */
export function logOf(error: PerennialError): string {
  return (error.details['log'] as string[]).join('\n');
}
