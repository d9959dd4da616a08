import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';

/** What nobody has touched for this long was left by a worker that was killed. */
const LEFT_AFTER_MS = 86_400_000;
const TOUCH_EVERY_MS = 3_600_000;

/** Gives the work of one attempt an empty folder of its own and removes it afterwards, whatever happened. */
export async function withScratch<T>(root: string, work: (folder: string) => Promise<T>): Promise<T> {
  const { activityType, attempt } = Context.current().info;
  await mkdir(root, { recursive: true });
  const folder = await mkdtemp(join(root, `${activityType.replace(/[^a-zA-Z]/g, '-')}-${attempt}-`));
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

/** Removes what workers that were killed have left in the scratch folder. What cannot be removed stays. */
export async function sweepScratch(root: string): Promise<void> {
  const before = Date.now() - LEFT_AFTER_MS;
  for (const name of await readdir(root).catch(() => [])) {
    const entry = join(root, name);
    const found = await stat(entry).catch(() => undefined);
    if (found && found.mtimeMs < before) await rm(entry, { recursive: true, force: true }).catch(() => undefined);
  }
}
