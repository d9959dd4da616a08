import { randomUUID } from 'node:crypto';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha256 } from '../domain/artifact.js';
import { inFolder, removeEmptyFolders } from './folders.js';

/** Younger records may belong to a writer that has announced but not yet published. */
const YOUNG_MS = 60_000;

/**
 * The digests that writers recorded for an object of a folder store: empty files `<key>/<digest>-<writer>`. A writer
 * announces its digest before it publishes the object, so a crash between the two leaves a record too many, never an
 * object without one.
 */
export class FolderRecords {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async announce(key: string, sha256: Sha256): Promise<FolderRecord> {
    const folder = join(this.#folder, key);
    const file = join(folder, `${sha256}-${randomUUID()}`);
    const write = (): Promise<void> => inFolder(folder, () => writeFile(file, ''));
    await write();
    return {
      keep: async () => {
        if (!(await exists(file))) await write();
      },
      withdraw: () => rm(file, { force: true }),
    };
  }

  async has(key: string, sha256: Sha256): Promise<boolean> {
    return (await this.#names(key)).some((name) => name.startsWith(`${sha256}-`));
  }

  /** Drops records of former contents. Young ones stay: their writer may be about to publish. */
  async forgetFormer(key: string, current: Sha256): Promise<void> {
    const now = Date.now();
    for (const name of await this.#names(key)) {
      if (name.startsWith(`${current}-`)) continue;
      const file = join(this.#folder, key, name);
      const age = now - (await modified(file));
      if (age > YOUNG_MS) await rm(file, { force: true });
    }
  }

  /** Drops the records of a removed object. */
  async forget(key: string): Promise<void> {
    for (const name of await this.#names(key)) await rm(join(this.#folder, key, name), { force: true });
    await removeEmptyFolders(this.#folder, key);
  }

  async #names(key: string): Promise<string[]> {
    try {
      return await readdir(join(this.#folder, key));
    } catch {
      return [];
    }
  }
}

export interface FolderRecord {
  /** Called after publishing: writes the record again if a clean-up took it meanwhile. */
  keep(): Promise<void>;
  /** Called when nothing was published. */
  withdraw(): Promise<void>;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function modified(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.mtimeMs,
    () => Date.now(),
  );
}
