import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isKey } from './key.js';
import type { ListedObject } from './store.js';

/**
 * Lists the objects of a folder store below a prefix, in the order of their keys: a folder sorts as its name with `/`,
 * as it does on S3, so `a-b` comes before `a/b`. Files that are no objects (a name that is no key) are passed over.
 */
export async function* listFolder(root: string, prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject> {
  for (const entry of await entriesOf(join(root, prefix))) {
    signal?.throwIfAborted();
    const key = `${prefix}${entry.name}`;
    if (!isKey(key)) continue;
    if (entry.isDirectory()) {
      yield* listFolder(root, `${key}/`, signal);
      continue;
    }
    const found = await stat(join(root, key)).catch(() => undefined);
    if (found?.isFile()) yield { key, bytes: found.size, modified: found.mtime };
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const rank = (entry: Dirent): string => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
