import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Leaves a guard in the job's process group, then becomes the trainer. The guard waits on the pipe that the worker holds;
 * when the worker is gone, however it went, it kills the group: the trainer and what the trainer started. It is not the
 * trainer's child, which may count its children.
 */
const GUARD = '((exec >/dev/null 2>&1; read -r _; kill -9 0) <&3 &) 3<&0; exec "$@"';

/** A command line that ends when this process does. */
export async function guardedCommand(command: readonly string[]): Promise<string[]> {
  const shell = ['sh', '-c', GUARD, 'trainer', ...command];
  // The kernel's own way comes on top: it also reaches a trainer that has moved to another group.
  return (await hasDeathSignal()) ? ['setpriv', '--pdeathsig', 'KILL', '--', ...shell] : shell;
}

/** Is there a program of that name, as the trainer's PATH and folder would have it? */
export async function programExists(program: string, folder: string): Promise<boolean> {
  if (program.includes('/')) return isProgram(path.resolve(folder, program));
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  for (const each of folders) if (await isProgram(path.join(each, program))) return true;
  return false;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

let deathSignal: Promise<boolean> | undefined;

/** Not every `setpriv` knows it (that of BusyBox does not). Asked once a process. */
function hasDeathSignal(): Promise<boolean> {
  deathSignal ??= new Promise((resolve) => {
    if (process.platform !== 'linux') return resolve(false);
    execFile('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], (error) => resolve(error === null));
  });
  return deathSignal;
}
