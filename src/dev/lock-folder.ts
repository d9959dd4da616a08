import { setTimeout as sleep } from 'node:timers/promises';
import { SetupConflictError } from '../errors.js';
import { takeLockFile, type LockFile } from './lock-file.js';

/** How long the server of a process that was killed may take to end. */
const DYING_MS = 6_000;

/**
 * Locks a database file or data folder for one server: two servers on the same files damage each other's work. A server
 * whose owner was just killed is given time to end.
 *
 * @throws {SetupConflictError} when another process keeps it
 */
export async function lockFolder(server: string, file: string): Promise<LockFile> {
  const deadline = Date.now() + DYING_MS;
  for (;;) {
    const taken = await takeLockFile(`${file}.lock`);
    if ('release' in taken) return taken;
    // While its owner lives there is no reason to wait: only a server left alone is about to end.
    if (taken.owned || Date.now() > deadline) throw conflict(server, file, taken.heldBy);
    await sleep(50);
  }
}

function conflict(server: string, file: string, heldBy: readonly number[]): SetupConflictError {
  return new SetupConflictError(
    `start ${server} on "${file}": process ${heldBy.join(', ')} serves the same files, and only one server may`,
    { fix: 'stop the other one, or choose another folder', details: { file, heldBy } },
  );
}
