import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalGroup, sweepJob } from './job-processes.js';
import { guardedCommand } from './launch.js';
import { readLines } from './line-reader.js';
import { trainerEnvironment } from './trainer-environment.js';
import type { TrainerWords } from './trainer-words.js';

/** Time between asking a trainer to end and killing it. */
const GRACE_MS = 3000;
/** How long to wait for the last words after every process of the job is gone. */
const LAST_WORDS_MS = 2000;
/** The longest that Node's timers can wait, 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How a trainer's process ended. */
export type Ending =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'not-started'; readonly reason: string };

export interface RunOptions {
  /** The working directory. */
  readonly folder: string;
  /** More variables for the trainer. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly words: TrainerWords;
}

/**
 * Runs a command in a process group of its own until it ends, its time is up or it is aborted. When this returns no
 * process of the job is left.
 */
export async function runTrainerProcess(command: readonly string[], options: RunOptions): Promise<Ending> {
  const mark = randomUUID();
  const child = await start(command, mark, options);
  const heard = Promise.all([
    readLines(child.stdout, (line) => options.words.hear(line)),
    readLines(child.stderr, (line) => options.words.log(line)),
  ]);
  const ended = endOf(child);
  const ending = await firstEnding(ended, options);
  if (child.pid !== undefined) {
    if (ending.kind === 'timeout' || ending.kind === 'aborted') await stop(child.pid, ended);
    await sweepJob({ group: child.pid, variable: `PERENNIAL_JOB=${mark}` });
  }
  await within(LAST_WORDS_MS, heard);
  for (const stream of child.stdio) stream?.destroy();
  options.words.end();
  return ending;
}

async function start(command: readonly string[], mark: string, options: RunOptions) {
  const [program = '', ...args] = await guardedCommand(command);
  const child = spawn(program, args, {
    cwd: options.folder,
    env: trainerEnvironment(options.folder, mark, options.environment),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // The trainer may close its end of a pipe that nothing is ever written to.
  child.stdin.on('error', () => undefined);
  return child;
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not-started', reason: error.message }));
    child.once('exit', (code, signal) => {
      // Node gives exactly one of the two.
      resolve(signal === null ? { kind: 'exit', code: code ?? 1 } : { kind: 'signal', signal });
    });
  });
}

function firstEnding(ended: Promise<Ending>, { timeoutMs, signal }: RunOptions): Promise<Ending> {
  return new Promise((resolve) => {
    const finish = (ending: Ending): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(ending);
    };
    const abort = (): void => finish({ kind: 'aborted' });
    const timer = setTimeout(() => finish({ kind: 'timeout' }), Math.min(timeoutMs, LONGEST_TIMER_MS));
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    void ended.then(finish);
  });
}

async function stop(group: number, ended: Promise<Ending>): Promise<void> {
  signalGroup(group, 'SIGTERM');
  await within(GRACE_MS, ended);
  signalGroup(group, 'SIGKILL');
  await ended;
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(limitMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}
