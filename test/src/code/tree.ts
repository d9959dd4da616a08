import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A file of a tree: what is in it, and how it is there. */
export interface TreeFile {
  readonly content: string | Buffer;
  readonly mode?: number;
  /** Seconds since 1970. */
  readonly mtime?: number;
}

/** Writes files below a folder, in the order given. */
export async function writeTree(folder: string, files: Readonly<Record<string, string | TreeFile>>): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, file] of Object.entries(files)) {
    const { content, mode = 0o644, mtime } = typeof file === 'string' ? { content: file } : file;
    const place = path.join(folder, name);
    await mkdir(path.dirname(place), { recursive: true });
    await writeFile(place, content);
    await chmod(place, mode);
    if (mtime !== undefined) await utimes(place, mtime, mtime);
  }
  return folder;
}
