import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { killProcess, signalGroup, sweepJob } from './job-processes.js';
import { processIsolation } from './process-isolation.js';
import { commandLine, isRunning, processTree } from './process-tree.js';
import type { ProgramEnd, StartedJob } from './started-job.js';
import { trainerEnvironment } from './trainer-environment.js';
import { startSupervised } from './supervised-process.js';
import type { TrainingLimits, TrainingUsage } from './trainer.js';

/** A trainer may have another PATH. */
const SHELL = '/bin/sh';
const GONE_LIMIT_MS = 5000;
const LOOK_EVERY_MS = 10;
const TIMES_LIMIT_MS = 200;

/**
 * The outer shell leaves a guard in the job's process group, which waits on the pipe that the worker holds: when the worker
 * is gone, however it went, it kills the group. Then it runs the rest and tells the processor time of all of it. SIGTERM is
 * for the trainer: the shells go on.
 */
const OUTER = `
((exec >/dev/null 2>&1 3>&-; read -r _; kill -9 0) <&4 &) 4<&0
trap : TERM
"$@" 3>&-
code=$?
times >&3
exit $code`;

export interface ProcessOptions {
  /** The working directory. */
  readonly folder: string;
  /** More variables for the trainer. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: TrainingLimits;
  /** An interpreter with perennial_trainer, which watches over the command where it gets no PID namespace; if there is one. */
  readonly supervisor: () => Promise<string | undefined>;
}

/**
 * Starts a command in a process group of its own, and in a PID namespace of its own, or below a supervisor. Where neither can
 * be had, a daemon that clears its environment is not known for one of the job.
 */
export async function startProcess(command: readonly string[], options: ProcessOptions): Promise<StartedJob> {
  const { folder, limits } = options;
  const { dieWithParent, namespace } = await processIsolation();
  const mark = randomUUID();
  const env = {
    ...trainerEnvironment(folder, options.environment),
    // Standard input is the pipe: trainers may watch it too.
    PERENNIAL_PARENT_PIPE: '1',
    PERENNIAL_JOB: mark,
  };
  const supervisor = namespace.length > 0 || process.platform !== 'linux' ? undefined : await options.supervisor();
  if (supervisor !== undefined) {
    const limited = [SHELL, '-c', `${limitLines(limits)}\nexec "$@"`, 'trainer', ...command];
    return await startSupervised(supervisor, limited, { folder, env });
  }
  const inner = [SHELL, '-c', `trap : TERM\n${limitLines(limits)}\n"$@"\nexit $?`, 'trainer', ...command];
  const isolated = namespace.length > 0 ? [...dieWithParent, ...namespace, ...inner] : inner;
  const [program = '', ...args] = [...dieWithParent, SHELL, '-c', OUTER, 'job', ...isolated];
  const child = spawn(program, args, {
    cwd: folder,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  // The trainer may close its end of a pipe that nothing is ever written to.
  child.stdin.on('error', () => undefined);
  return new ProcessJob(child, child.stdout, child.stderr, mark, namespace.length > 0);
}

class ProcessJob implements StartedJob {
  readonly pid: number | undefined;
  readonly own: number;
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #isolated: boolean;
  #tree: readonly number[] = [];
  #over = false;

  constructor(
    child: ChildProcess,
    readonly stdout: Readable,
    readonly stderr: Readable,
    mark: string,
    isolated: boolean,
  ) {
    this.pid = child.pid;
    // The outer shell, `unshare`, and the inner shell.
    this.own = isolated ? 3 : 2;
    this.ended = endOf(child);
    void this.ended.then(() => (this.#over = true));
    this.#child = child;
    this.#mark = mark;
    this.#isolated = isolated;
  }

  terminate(): void {
    void this.#terminate();
  }

  kill(): void {
    this.#over = true;
    if (this.pid === undefined) return;
    this.#tree = processTree(this.pid);
    // The end of the first process in a namespace is that of all: what is above it lives on to say what was used.
    const first = this.#isolated && this.#tree.length > this.own ? this.#tree[this.own - 1] : undefined;
    if (first === undefined) signalGroup(this.pid, 'SIGKILL');
    else killProcess(first);
  }

  /** Not before the trainer runs: a shell that is about to start it takes the signal, and does not pass it on. */
  async #terminate(): Promise<void> {
    while (!this.#over && !this.#trainerRuns()) await sleep(LOOK_EVERY_MS);
    if (!this.#over && this.pid !== undefined) signalGroup(this.pid, 'SIGTERM');
  }

  #trainerRuns(): boolean {
    const tree = this.pid === undefined ? [] : processTree(this.pid);
    // Where there is no /proc, nobody can tell.
    if (tree.length === 0) return true;
    const [shell = 0, trainer] = tree.slice(this.own - 1);
    // Forked and not yet another program, it is still the shell.
    return trainer !== undefined && commandLine(trainer) !== commandLine(shell);
  }

  async clear(): Promise<void> {
    if (this.pid === undefined) return;
    await sweepJob({ group: this.pid, variable: `PERENNIAL_JOB=${this.#mark}` });
    const limit = Date.now() + GONE_LIMIT_MS;
    while (this.#tree.some(isRunning) && Date.now() < limit) await sleep(LOOK_EVERY_MS);
    for (const stream of this.#child.stdio) stream?.destroy();
  }
}

function endOf(child: ChildProcess): Promise<ProgramEnd> {
  let times = '';
  const told = new Promise<void>((resolve) => {
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      times = `${times}${chunk.toString('latin1')}`.slice(0, 1000);
    });
    child.stdio[3]?.once('close', resolve);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not-started', reason: error.message }));
    child.once('exit', (code, signal) => {
      // Everything that could hold the other end open has ended too, or will be ended when this has been waited for.
      const end = (): void => resolve({ ...programEnd(code, signal), usage: usageOf(times) });
      void Promise.race([told, sleep(TIMES_LIMIT_MS)]).then(end);
    });
  });
}

/** A shell says 128 and the signal's number of a program that was ended by a signal. */
function programEnd(code: number | null, signal: NodeJS.Signals | null): ProgramEnd {
  // Node gives exactly one of the two.
  const own = signal ?? signalOf((code ?? 1) - 128);
  return own === undefined ? { kind: 'exit', code: code ?? 1 } : { kind: 'signal', signal: own };
}

function signalOf(number: number): NodeJS.Signals | undefined {
  const names = Object.entries(os.constants.signals) as [NodeJS.Signals, number][];
  return names.find(([, each]) => each === number)?.[0];
}

/** The second line of the shell's `times`: user and system time of what it has waited for. */
function usageOf(times: string): TrainingUsage {
  const found = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  if (found.length !== 2) return {};
  return { cpuSeconds: found.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0) };
}

/** Limits of each process of the trainer, as the shell sets them. What the system allows less of stays less. */
function limitLines({ memoryBytes, cpuSeconds, fileBytes, openFiles }: TrainingLimits): string {
  const lines = ['ulimit -c 0'];
  if (memoryBytes !== undefined) lines.push(`ulimit -d ${Math.ceil(memoryBytes / 1024)}`);
  if (fileBytes !== undefined) lines.push(`ulimit -f ${Math.ceil(fileBytes / 512)}`);
  if (openFiles !== undefined) lines.push(`ulimit -n ${openFiles}`);
  // Who ignores SIGXCPU is killed some seconds later.
  if (cpuSeconds !== undefined) lines.push(`ulimit -H -t ${cpuSeconds + 5}`, `ulimit -S -t ${cpuSeconds}`);
  return lines.map((line) => `${line} 2>/dev/null || :`).join('\n');
}
