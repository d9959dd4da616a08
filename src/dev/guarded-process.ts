import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { moduleUrl } from '../module-url.js';
import { deathSignalSupport, guardedCommand, type Command } from './guard.js';

export interface GuardedOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** How it is kept from outliving us; `signal` needs Linux. Default: the kernel's signal where there is one. */
  readonly guard?: 'signal' | 'watcher';
}

/** A long-lived child that ends with us. */
export interface GuardedProcess {
  /** The program's own process id, never that of a wrapper. */
  readonly pid: number;
  /** Settles when it has ended. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** The last 4 kB of what it printed. */
  tail(): string;
  /** Asks it to end, and kills it after five seconds. Returns when it is gone. */
  stop(): Promise<void>;
}

/** Time between asking a child to end and killing it. */
const GRACE_MS = 5_000;

/** Starts a program that does not outlive this process, even when this process is killed with -9. */
export async function startGuarded(
  program: string,
  args: readonly string[],
  options: GuardedOptions = {},
): Promise<GuardedProcess> {
  const guard = options.guard ?? ((await deathSignalSupport()) === undefined ? 'watcher' : 'signal');
  const command = guard === 'signal' ? await guardedCommand(program, args) : watchedCommand(program, args);
  const child = spawn(command.program, command.args, {
    // A session of its own: Ctrl-C reaches us only, and we end the servers in our order.
    detached: true,
    stdio: guard === 'signal' ? ['ignore', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const tail = keepTail(child);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await spawned(child, program);
  const pid = guard === 'signal' ? childPid(child) : await watchedPid(child, tail);
  return {
    pid,
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    tail,
    stop: () => stop(pid, child, ended),
  };
}

function watchedCommand(program: string, args: readonly string[]): Command {
  const watcher = fileURLToPath(moduleUrl(import.meta.url, './process-watcher.js'));
  return { program: process.execPath, args: [watcher, program, ...args] };
}

function keepTail(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-4096);
    });
  }
  return () => text.trim();
}

function spawned(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`start "${program}": ${error.message}`, { cause: error })));
  });
}

function childPid(child: ChildProcess): number {
  // Set from the moment of the "spawn" event, which we have waited for.
  return child.pid as number;
}

/** The watcher tells the program's id on descriptor 3; when it cannot start the program it closes it. */
function watchedPid(child: ChildProcess, tail: () => string): Promise<number> {
  // Descriptor 3 was asked for as a pipe, so it is a stream.
  const told = child.stdio[3] as Readable;
  return new Promise((resolve, reject) => {
    let text = '';
    told.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(Number(text));
    });
    told.once('end', () => reject(new Error(`start a program under the watcher: ${tail()}`)));
  });
}

async function stop(pid: number, child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    signal(pid, 'SIGTERM');
    const timer = setTimeout(() => signal(pid, 'SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(timer);
  }
  // Until these are closed the event loop stays alive for them.
  for (const stream of child.stdio) stream?.destroy();
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}
