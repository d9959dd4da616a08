import { mkdir, open, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, isAbsent } from './folder-errors.js';

const TRIES = 10;

/** Makes the folder and does the step in it; again, when a clean-up removed the empty folder in between. */
export async function inFolder(folder: string, step: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await makeFolder(folder);
      await step();
      return;
    } catch (error) {
      if (!isAbsent(error) || tried === TRIES) throw error;
    }
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    // A file in the way must not look like the object that a creator found to be there already.
    if (codeOf(error) !== 'EEXIST') throw error;
    throw Object.assign(new Error(`there is a file where folder "${folder}" should be`), { code: 'ENOTDIR' });
  }
}

/** Removes `path` below `root`, and what is above it, as long as it is empty; `root` itself stays. */
export async function removeEmptyFolders(root: string, path: string): Promise<void> {
  for (let folder = path; folder !== '.'; folder = dirname(folder)) {
    try {
      await rmdir(join(root, folder));
    } catch {
      // Not empty, or somebody else was faster: there is nothing to do here or above.
      return;
    }
  }
}

/** A new name is on disk for certain only when its folder is synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
