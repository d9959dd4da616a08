import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const SWEEP_LIMIT_MS = 5000;
const SWEEP_EVERY_MS = 10;

/** How the processes of one job are known: by their process group, and by a variable in their environment. */
export interface JobMark {
  readonly group: number;
  readonly variable: string;
}

export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** Sends a signal to every process of the group; false when there is none. */
export function signalGroup(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills what is left of a job and waits until it is gone: the group, and on Linux also those that left the group (a
 * daemon with a session of its own), found by the variable. A process that the kernel cannot end (waiting for a disk) is
 * given up after five seconds.
 */
export async function sweepJob(mark: JobMark): Promise<void> {
  const limit = Date.now() + SWEEP_LIMIT_MS;
  while (Date.now() < limit) {
    const left = await processesOfJob(mark);
    if (left.length === 0) return;
    left.forEach(killProcess);
    await sleep(SWEEP_EVERY_MS);
  }
}

/** Process ids of a job that are alive; where there is no /proc, the negated group while it has members. */
export async function processesOfJob(mark: JobMark): Promise<number[]> {
  if (process.platform !== 'linux') return signalGroup(mark.group, 0) ? [-mark.group] : [];
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map(async (name) => ((await belongs(name, mark)) ? Number(name) : 0)));
  return found.filter((pid) => pid > 0);
}

async function belongs(pid: string, mark: JobMark): Promise<boolean> {
  const stat = await readText(`/proc/${pid}/stat`);
  // The program's name is in brackets and may hold anything; after it: state, parent, group.
  const [state = 'X', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return false;
  if (Number(group) === mark.group) return true;
  return `\0${await readText(`/proc/${pid}/environ`)}`.includes(`\0${mark.variable}\0`);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
}
