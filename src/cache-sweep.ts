import { readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';

/** What no training of this machine has used for this long is removed when something of its kind comes. */
export const UNUSED_MS = 30 * 86_400_000;

/** Notes that a folder is used now; false when it is not there. */
export async function markUsed(folder: string): Promise<boolean> {
  const now = new Date();
  return await utimes(folder, now, now).then(
    () => true,
    () => false,
  );
}

/**
 * Removes what lies in a folder and was not used for too long.
 *
 * @param limitOf how long a thing of this name may be unused, in milliseconds
 */
export async function removeUnused(folder: string, limitOf: (name: string) => number): Promise<void> {
  for (const name of await readdir(folder)) {
    const place = path.join(folder, name);
    const age = await stat(place).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > limitOf(name)) await rm(place, { recursive: true, force: true });
  }
}
