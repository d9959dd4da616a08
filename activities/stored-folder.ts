import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import { putBlob } from '../src/stores/blobs.js';
import { PreparedFile } from '../src/stores/prepared-file.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';

const MOST_FILES = 10_000;
/** Of how many files at the same time. */
const TRANSFERS = 8;

/** References to files, by path inside their folder. */
export type StoredFiles = Readonly<Record<string, Ref>>;

/**
 * Stores the regular files of a folder.
 *
 * @param stored by digest what is known to be in the store, and is not sent again; what is sent is added
 */
export async function storeFiles(
  store: ArtifactStore,
  folder: string,
  stored: Map<string, Ref>,
  options: CallOptions,
): Promise<StoredFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
  if (names.length > MOST_FILES) throw new RangeError(`it has ${names.length} files, at most ${MOST_FILES} are taken`);
  const files: Record<string, Ref> = {};
  await each(names.toSorted(), async (path) => {
    // A trainer may still be at work there. What is sent is checked against what was hashed.
    const body = await PreparedFile.read(path, { ...options, untrusted: true });
    const ref = stored.get(body.sha256) ?? (await putBlob(store, body, options));
    stored.set(ref.sha256, ref);
    files[relative(folder, path).replaceAll(sep, '/')] = ref;
  });
  return files;
}

/** Fetches files into a folder, which is made. */
export async function fetchFiles(
  store: ArtifactStore,
  files: StoredFiles,
  folder: string,
  options: CallOptions,
): Promise<void> {
  await each(Object.entries(files), async ([path, file]) => {
    const target = join(folder, path);
    if (!target.startsWith(folder + sep)) throw new RangeError(`Cannot restore "${path}": it is outside the folder`);
    await mkdir(dirname(target), { recursive: true });
    await store.download(file, target, options);
  });
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += TRANSFERS) await Promise.all(items.slice(at, at + TRANSFERS).map(work));
}
