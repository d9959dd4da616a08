import { chmodSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { SetupConflictError } from './errors.js';

/** The folder for what is kept between runs and can be had again: `PERENNIAL_CACHE`, else `~/.cache/perennial`. */
export function cacheFolder(): string {
  const named = process.env['PERENNIAL_CACHE'];
  return named === undefined || named === '' ? path.join(homedir(), '.cache', 'perennial') : path.resolve(named);
}

/**
 * Path of a folder in {@link cacheFolder} that only this user can enter; made when it is not there.
 *
 * @throws {SetupConflictError} when it cannot be made, or belongs to somebody else
 */
export function privateFolder(name: string): string {
  const folder = path.join(cacheFolder(), name);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // One that was there may have another mode. Only its owner can change that, which tells whose it is.
    chmodSync(folder, 0o700);
    return folder;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SetupConflictError(`Cannot keep files in "${folder}": want a folder of this user, found: ${why}`, {
      fix: 'Set PERENNIAL_CACHE to a folder that this user may write to.',
      details: { folder },
      cause,
    });
  }
}
