import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { markOf, processAlive, type ProcessMark } from '../dev/process-alive.js';

/** What a running `perennial dev` leaves in its folder, so that other commands started there find it. */
export interface DevSession {
  readonly process: ProcessMark;
  /** Variables as a person would set them. They hold the store's credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** Addresses to open in a browser. */
  readonly urls?: { readonly ui?: string; readonly server: string };
}

/** Where `perennial dev` keeps its state, within the folder that it was started in. */
export const DEV_FOLDER = '.perennial';
const FILE = 'dev.json';

/** Writes the session of this process, readable by this user only. */
export function writeDevSession(folder: string, env: DevSession['env'], urls?: DevSession['urls']): void {
  mkdirSync(folder, { recursive: true });
  const session: DevSession = { process: markOf(process.pid), env, ...(urls === undefined ? {} : { urls }) };
  writeFileSync(path.join(folder, FILE), JSON.stringify(session), { mode: 0o600 });
}

/** Removes it, unless another process has put its own there since. */
export function removeDevSession(folder: string): void {
  const session = readSession(path.join(folder, FILE));
  if (session?.process.pid === process.pid) rmSync(path.join(folder, FILE), { force: true });
}

/** The session of a `perennial dev` that still runs, from this folder upwards; undefined when there is none. */
export function readDevSession(from: string): DevSession | undefined {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    const session = devSessionIn(folder);
    if (session) return session;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** The session of a `perennial dev` that still runs in this very folder. */
export function devSessionIn(folder: string): DevSession | undefined {
  const session = readSession(path.join(folder, DEV_FOLDER, FILE));
  return session && processAlive(session.process) ? session : undefined;
}

function readSession(file: string): DevSession | undefined {
  try {
    const session = JSON.parse(readOwnFile(file)) as Partial<DevSession>;
    return typeof session.process?.pid === 'number' && session.env ? (session as DevSession) : undefined;
  } catch {
    return undefined;
  }
}

/** Somebody else's file, in a folder above that both can write to, must not say where our commands connect to. */
function readOwnFile(file: string): string {
  const opened = openSync(file, 'r');
  try {
    if (process.getuid && fstatSync(opened).uid !== process.getuid()) throw new Error(`"${file}" is not this user's`);
    return readFileSync(opened, 'utf8');
  } finally {
    closeSync(opened);
  }
}
