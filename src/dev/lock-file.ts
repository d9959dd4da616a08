import { link, mkdir, readFile, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { markOf, processAlive, type ProcessMark } from './process-alive.js';

/** A lock that this process holds. */
export interface LockFile {
  /** Makes another process a holder too: the lock stays held while any holder lives, whatever becomes of us. */
  add(pid: number): Promise<void>;
  /** Gives the lock back. */
  release(): Promise<void>;
}

/** Who holds a lock. */
export interface LockHeld {
  readonly heldBy: readonly number[];
  /** Is the one who took it among the living? */
  readonly owned: boolean;
}

/**
 * Tries once to take a lock between processes. The lock is a file that names its holders; one whose holders are all
 * dead is taken over.
 *
 * @returns the lock, or the process ids of its living holders
 */
export async function takeLockFile(file: string): Promise<LockFile | LockHeld> {
  await mkdir(path.dirname(file), { recursive: true });
  for (;;) {
    const marks = [markOf(process.pid)];
    if (await createWhole(file, marks)) return heldLock(file, marks);
    const holders = await readHolders(file);
    if (holders === undefined) continue;
    const living = holders.filter(processAlive);
    if (living.length > 0) return { heldBy: living.map((mark) => mark.pid), owned: living[0] === holders[0] };
    await removeDead(file);
  }
}

/** The file appears with its content or not at all, so that nobody ever reads an empty lock. */
async function createWhole(file: string, marks: readonly ProcessMark[]): Promise<boolean> {
  const draft = await writeDraft(file, marks);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function writeDraft(file: string, marks: readonly ProcessMark[]): Promise<string> {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, JSON.stringify(marks));
  return draft;
}

function heldLock(file: string, marks: ProcessMark[]): LockFile {
  let held = true;
  return {
    async add(pid) {
      marks.push(markOf(pid));
      await rename(await writeDraft(file, marks), file);
    },
    async release() {
      // A second call must not take the lock away from who has it now.
      if (!held) return;
      held = false;
      await rm(file, { force: true });
    },
  };
}

async function readHolders(file: string): Promise<ProcessMark[] | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    // Only we write this file, and only whole.
    return Array.isArray(value) ? (value as ProcessMark[]) : [];
  } catch {
    return [];
  }
}

/**
 * Removes a lock whose holders are dead. One process at a time does so and looks again first: else a slow one would
 * remove the lock that a quick one has just taken.
 */
async function removeDead(file: string): Promise<void> {
  const guard = `${file}.takeover`;
  try {
    await mkdir(guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // The guard is held for milliseconds; an old one was left by a process that was killed inside.
    const age = await stat(guard).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > 10_000) await rmdir(guard).catch(() => undefined);
    await sleep(20);
    return;
  }
  try {
    const holders = await readHolders(file);
    if (holders !== undefined && !holders.some(processAlive)) await rm(file, { force: true });
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}
