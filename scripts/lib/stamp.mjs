import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A digest of files and of all files below folders; what is not there counts as empty. */
export async function digestOf(paths) {
  const hash = createHash('sha256');
  for (const file of (await Promise.all(paths.map(filesBelow))).flat()) {
    const bytes = await readFile(file);
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** Does this stamp file hold this digest? */
export async function stampIs(file, digest) {
  return (await readFile(file, 'utf8').catch(() => '')) === digest;
}

/** Written last, when what it stands for is done. */
export const writeStamp = (file, digest) => writeFile(file, digest);

/** All files below a folder in a fixed order, or the file itself. */
export async function filesBelow(start) {
  const entries = await readdir(start, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined;
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries === undefined) return [start];
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.join(entry.parentPath, entry.name)).toSorted();
}
