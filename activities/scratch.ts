import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';

const MINUTE_MS = 60_000;
/** Attempts show that often that they go on. */
const TOUCH_EVERY_MS = 3 * MINUTE_MS;
/** How long nobody has touched what was left; longer where a process of that id lives, which may have been asleep. */
const LEFT_AFTER_MS = { unknown: 15 * MINUTE_MS, gone: -Infinity, alive: 24 * 60 * MINUTE_MS };

/** This process in the names of its folders. A process id comes back, in a container with every start. */
const OWNER = {
  host: hostname().replaceAll(/[^a-zA-Z0-9]/g, ''),
  pid: process.pid,
  mark: randomBytes(4).toString('hex'),
};
const OWNED = /-([a-zA-Z0-9]*)_(\d+)_([0-9a-f]{8})-[^-]+$/;

/** Gives the work of one attempt an empty folder of its own and removes it afterwards, whatever happened. */
export async function withScratch<T>(root: string, work: (folder: string) => Promise<T>): Promise<T> {
  const { activityType, attempt } = Context.current().info;
  await mkdir(root, { recursive: true });
  const { host, pid, mark } = OWNER;
  const name = `${activityType.replace(/[^a-zA-Z]/g, '-')}-${attempt}-${host}_${pid}_${mark}-`;
  const folder = await mkdtemp(join(root, name));
  // A training may take days: it must not look like one that was left.
  const touch = setInterval(() => {
    utimes(folder, new Date(), new Date()).catch(() => undefined);
  }, TOUCH_EVERY_MS).unref();
  try {
    return await work(folder);
  } finally {
    clearInterval(touch);
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Removes what workers that were killed have left in the scratch folder: those of this machine at once, those of others
 * that share the folder after a quarter of an hour. What cannot be removed stays.
 */
export async function sweepScratch(root: string): Promise<void> {
  for (const name of await readdir(root).catch(() => [])) {
    const entry = join(root, name);
    const found = await stat(entry).catch(() => undefined);
    const left = found && found.mtimeMs < Date.now() - LEFT_AFTER_MS[ownerOf(name)];
    if (left) await rm(entry, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** What has become of the worker that made a folder, as far as it can be known from here. */
function ownerOf(name: string): keyof typeof LEFT_AFTER_MS {
  const [, host, pid = '', mark] = OWNED.exec(name) ?? [];
  if (host !== OWNER.host) return 'unknown';
  const isHere = Number(pid) === OWNER.pid ? mark === OWNER.mark : isAlive(Number(pid));
  return isHere ? 'alive' : 'gone';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is there as well.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
