import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { markUsed, removeUnused, UNUSED_MS } from '../cache-sweep.js';
import type { Sha256 } from '../domain/artifact.js';
import type { CodeBundle } from '../domain/code.js';
import { ArtifactCorruptError } from '../errors.js';
import type { BlobFiles } from '../stores/blobs.js';
import { SharedCalls } from '../stores/shared-calls.js';
import type { CallOptions } from '../stores/store.js';
import { MOST_BYTES, shownBytes } from './code-limits.js';
import { CodeProblem } from './code-problem.js';
import { readTar, tarDigest, type PackedFile } from './code-tar.js';
import { filesBelow } from './code-tree.js';

/** What a process that was killed has left half unpacked. */
const LEFT_MS = 86_400_000;

/** The code bundles of a worker, unpacked: one folder of read-only files a digest, shared by processes. */
export class CodeFolders {
  readonly #folder: string;
  readonly #cache: BlobFiles;
  readonly #unpacking = new SharedCalls<string>();

  /** @param cache where bundles come from, verified */
  constructor(folder: string, cache: BlobFiles) {
    this.#folder = path.resolve(folder);
    this.#cache = cache;
  }

  /**
   * The folder with the files of a bundle; do not write there. What is there already is packed again, in memory, before
   * it is believed: a bundle's digest says all of it.
   *
   * @throws {ArtifactCorruptError} when it is no bundle of ours; what `BlobFiles.file` throws
   */
  async of(bundle: CodeBundle, { signal }: CallOptions = {}): Promise<string> {
    return await this.#unpacking.call(bundle.ref.sha256, signal, (shared) =>
      this.#cache.during((files) => this.#make(bundle, files, shared)),
    );
  }

  async #make(bundle: CodeBundle, files: BlobFiles, signal: AbortSignal): Promise<string> {
    const { sha256, bytes } = bundle.ref;
    const target = path.join(this.#folder, sha256);
    if ((await isWhole(target, sha256)) && (await markUsed(target))) return target;
    // A bundle is small beside its headers: one over the limit was not packed by us.
    if (bytes > 2 * MOST_BYTES) throw foreign(bundle, `found ${shownBytes(bytes)}, want code`);
    const tar = await readFile(await files.file(bundle.ref, { signal }), { signal });
    const draft = `${target}.${randomUUID()}`;
    try {
      await write(draft, await readTar(tar));
      if (!(await isWhole(draft, sha256))) throw new CodeProblem('found what packing it does not give');
      await put(draft, target);
    } catch (error) {
      throw error instanceof CodeProblem ? foreign(bundle, error.message) : error;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    await removeUnused(this.#folder, (name) => (name.includes('.') ? LEFT_MS : UNUSED_MS));
    return target;
  }
}

/** Whether a folder holds exactly what the bundle does. Python's caches, which an interpreter may have left, are removed. */
async function isWhole(folder: string, sha256: Sha256): Promise<boolean> {
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.name !== '__pycache__') continue;
      await rm(path.join(entry.parentPath, entry.name), { recursive: true, force: true });
    }
    return (await tarDigest(folder, await filesBelow(folder))) === sha256;
  } catch {
    return false;
  }
}

async function write(folder: string, files: readonly PackedFile[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { path: name, executable, content } of files) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content, { flag: 'wx' });
    await chmod(file, executable ? 0o555 : 0o444);
  }
}

/** Moves a folder to its place in one step; what is damaged there is moved away. Another process may do the same. */
async function put(draft: string, target: string): Promise<void> {
  const old = `${draft}.old`;
  await rename(target, old).catch(() => undefined);
  try {
    await rename(draft, target);
  } catch (error) {
    // Another process was quicker, and checks what it puts there as we do.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

function foreign({ ref }: CodeBundle, found: string): ArtifactCorruptError {
  return new ArtifactCorruptError(`Cannot unpack the code bundle "${ref.key}": ${found}`, {
    fix: 'Apply the spec again: `perennial apply FILE` packs the folder anew.',
    details: { key: ref.key },
  });
}
