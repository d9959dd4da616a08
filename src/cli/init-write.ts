import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../errors.js';

export interface WrittenFile {
  /** Path with the folder, as the person named it. */
  readonly path: string;
  /** `keep`: there is another content and it stays. */
  readonly action: 'create' | 'overwrite' | 'unchanged' | 'keep';
}

/**
 * Writes files into a folder. What is there already is never overwritten, unless `force`; the same content is left alone, so
 * that doing it twice is doing it once.
 *
 * @param files contents by path within the folder
 */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  options: { readonly force: boolean; readonly dryRun: boolean },
): Promise<WrittenFile[]> {
  const results: WrittenFile[] = [];
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    try {
      results.push({ path: file, action: await writeOne(file, content, options) });
    } catch (cause) {
      if (cause instanceof UsageError) throw cause;
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
      const fix = 'Name a folder that you may write to: perennial init <folder>';
      throw new UsageError(`Cannot write "${file}": the system said ${code}`, { fix, cause });
    }
  }
  return results;
}

async function writeOne(
  file: string,
  content: string,
  { force, dryRun }: { force: boolean; dryRun: boolean },
): Promise<WrittenFile['action']> {
  const old = await readIfThere(file);
  if (old === content) return 'unchanged';
  if (old !== undefined && !force) return 'keep';
  if (!dryRun) {
    await mkdir(path.dirname(file), { recursive: true });
    // `wx` refuses a file that appeared since it was looked for.
    await writeFile(file, content, { flag: force ? 'w' : 'wx' });
  }
  return old === undefined ? 'create' : 'overwrite';
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
