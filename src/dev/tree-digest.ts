import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Sixteen hex digits that change when a file below the folder does, or one of the extra facts. Python's caches are left out. */
export async function digestTree(folder: string, ...facts: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  for (const file of files) {
    const bytes = await readFile(file);
    hash.update(`\0${path.relative(folder, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}
