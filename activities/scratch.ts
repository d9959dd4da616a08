import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';

/** Gives the work of one attempt an empty folder of its own and removes it afterwards, whatever happened. */
export async function withScratch<T>(root: string, work: (folder: string) => Promise<T>): Promise<T> {
  const { activityType, attempt } = Context.current().info;
  await mkdir(root, { recursive: true });
  const folder = await mkdtemp(join(root, `${activityType.replace(/[^a-zA-Z]/g, '-')}-${attempt}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
