import { execFile } from 'node:child_process';
import { programOnPath } from './find-program.js';

/** A command line. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

let support: Promise<string | undefined> | undefined;

/**
 * Wraps a command so that the kernel ends it when we die, however we die. Only Linux can do this (`setpriv`); elsewhere
 * the command is returned as it is, and long-lived children are run under `process-watcher.ts` instead.
 */
export async function guardedCommand(program: string, args: readonly string[]): Promise<Command> {
  const setpriv = await deathSignalSupport();
  if (setpriv === undefined) return { program, args };
  return { program: setpriv, args: ['--pdeathsig', 'TERM', '--', program, ...args] };
}

/** The `setpriv` that knows `--pdeathsig`, if this machine has one (that of BusyBox does not). Asked once a process. */
export function deathSignalSupport(): Promise<string | undefined> {
  support ??= findDeathSignalSupport();
  return support;
}

async function findDeathSignalSupport(): Promise<string | undefined> {
  const setpriv = process.platform === 'linux' ? programOnPath(['setpriv']) : undefined;
  if (setpriv === undefined) return undefined;
  return new Promise((resolve) => {
    execFile(setpriv, ['--pdeathsig', 'TERM', '--', 'true'], (error) => resolve(error === null ? setpriv : undefined));
  });
}
