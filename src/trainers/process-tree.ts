import { readdirSync, readFileSync } from 'node:fs';

/** No more is looked at in one go: it would keep the worker's event loop busy. */
const MOST_PROCESSES = 4096;

/** A process and all that descend from it, parents first; empty where there is no /proc, or when it has ended. */
export function processTree(root: number): number[] {
  // A child whose parent's thread ends meanwhile is found twice.
  const found = new Set(readText(`/proc/${root}/stat`) === '' ? [] : [root]);
  for (const pid of found) {
    if (found.size < MOST_PROCESSES) for (const child of childrenOf(pid)) found.add(child);
  }
  return [...found];
}

/** Is it there, and not only waiting for its parent to take note of its end? */
export function isRunning(pid: number): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  // The program's name is in brackets and may hold anything; after it: the state.
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** The program and its arguments, with a NUL after each; empty when it has ended. */
export function commandLine(pid: number): string {
  return readText(`/proc/${pid}/cmdline`);
}

/**
 * Resident memory of some processes, in bytes. Pages that they share are counted once when the sum alone would go over
 * `limit`: looking closely takes longer.
 */
export function residentBytes(pids: readonly number[], limit: number): number {
  const sum = total(pids, (pid) => kilobytes(`/proc/${pid}/status`, 'VmRSS'));
  if (sum <= limit) return sum;
  return Math.min(sum, total(pids, (pid) => kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss')) || sum);
}

/** Processor time of one process, in seconds. */
export interface ProcessTimes {
  /** When it began: no other process that gets its number has the same. */
  readonly began: string;
  /** Of all its threads. */
  readonly own: number;
  /** Of its children that have ended and were waited for, with what those had waited for. */
  readonly children: number;
}

/** Undefined when it has ended. */
export function processTimes(pid: number): ProcessTimes | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  // The program's name is in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_SECOND;
  return { began: fields[19] ?? '', own: seconds(11), children: seconds(13) };
}

/** What Linux shows to programs, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;

function childrenOf(pid: number): number[] {
  // Each thread has children of its own.
  return threadsOf(pid).flatMap((thread) =>
    readText(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function total(pids: readonly number[], measure: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + measure(pid), 0);
}

function kilobytes(file: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readText(file));
  return Number(found?.[1] ?? 0) * 1024;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
}
