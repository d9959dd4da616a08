import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from '../cache-folder.js';
import { takeLockFile } from './lock-file.js';
import { processAlive } from './process-alive.js';
import type { Progress } from './progress.js';

/** What is put into the cache, and how. */
export interface Installation {
  /** For people: the thing's name. */
  readonly what: string;
  /** Where it must be in the end: a file or a folder inside the cache. */
  readonly target: string;
  /** Installations with the same lock run one after the other, across processes. Default: the target's own name. */
  readonly lock?: string;
  /** The target appears whole by itself, somewhere else: nothing is moved. Default: false. */
  readonly inPlace?: boolean;
  /** Ends the waiting for another installation; `make` looks at it for itself. */
  readonly signal?: AbortSignal;
  /**
   * Makes the thing at `draft`, which is then moved to the target in one step. `scratch` is an empty folder on the same
   * disk, removed afterwards.
   */
  make(draft: string, scratch: string): Promise<void>;
}

/** Installs into the cache once, however many processes ask at the same time; half an installation is never seen. */
export async function installOnce(installation: Installation, progress: Progress): Promise<string> {
  const { target } = installation;
  if (existsSync(target)) return target;
  const lockFile = path.join(cacheFolder(), 'locks', `${installation.lock ?? path.basename(target)}.lock`);
  const lock = await waitForLock(lockFile, installation, progress);
  const scratch = path.join(cacheFolder(), 'scratch', `${path.basename(target)}-${process.pid}-${Date.now()}`);
  try {
    if (existsSync(target)) return target;
    await removeLeftovers();
    const draft = path.join(scratch, 'draft');
    const work = path.join(scratch, 'work');
    await mkdir(work, { recursive: true });
    await installation.make(draft, work);
    if (installation.inPlace !== true) {
      await mkdir(path.dirname(target), { recursive: true });
      await rename(draft, target);
    }
    return target;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await lock.release();
  }
}

/** What a process that was killed left half done can be gigabytes. */
async function removeLeftovers(): Promise<void> {
  const folder = path.join(cacheFolder(), 'scratch');
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = Number(name.split('-').at(-2));
    if (!processAlive({ pid })) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

async function waitForLock(file: string, { what, signal }: Installation, progress: Progress) {
  let told = false;
  for (;;) {
    const taken = await takeLockFile(file);
    if ('release' in taken) return taken;
    if (!told) progress(`${what} waits for another installation (process ${taken.heldBy.join(', ')})`);
    told = true;
    await sleep(200);
    signal?.throwIfAborted();
  }
}
