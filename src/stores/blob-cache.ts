import { chmod, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { isSha256, type Ref } from '../domain/artifact.js';
import { hashFile } from './digest.js';
import { SharedCalls } from './shared-calls.js';
import type { ArtifactStore, CallOptions } from './store.js';

export interface BlobCacheOptions {
  /** Bytes that the files may take before the least recently used are removed. */
  readonly maxBytes: number;
  /**
   * A file is not removed for this long after it was last handed out, in milliseconds, even above `maxBytes`: whoever
   * got its path may not have opened it yet. Default one hour.
   */
  readonly keepMs?: number;
}

/** A download that has not grown for this long was left by a process that was killed. */
const LEFT_AFTER_MS = 86_400_000;

/**
 * Verified local copies of objects, one read-only file a digest. A file found on disk is trusted only after its size
 * and digest were checked by this process, and again whenever it has changed since. Several processes may share a
 * folder.
 */
export class BlobCache {
  readonly #store: ArtifactStore;
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #keepMs: number;
  readonly #fetching = new SharedCalls<string>();
  /** What each file looked like when its digest was last checked. */
  readonly #trusted = new Map<string, string>();

  constructor(store: ArtifactStore, folder: string, options: BlobCacheOptions) {
    this.#store = store;
    this.#folder = resolve(folder);
    this.#maxBytes = options.maxBytes;
    this.#keepMs = options.keepMs ?? 3_600_000;
  }

  /**
   * Path of a local file with exactly these bytes; do not write to it. Downloaded once, however many ask at the same
   * time; aborting one caller's signal stops the download only when nobody else waits for it.
   *
   * @throws what `ArtifactStore.download` throws.
   */
  async file(ref: Ref, options: CallOptions = {}): Promise<string> {
    if (!isSha256(ref.sha256)) throw new RangeError(`Cannot cache "${ref.key}": "${ref.sha256}" is no SHA-256`);
    const path = join(this.#folder, ref.sha256);
    return this.#fetching.call(ref.sha256, options.signal, async (signal) => {
      if (!(await this.#isRight(path, ref, signal))) {
        await mkdir(this.#folder, { recursive: true });
        await this.#store.download(ref, path, { signal });
        await chmod(path, 0o444);
        await this.#evict(path);
      }
      this.#trusted.set(ref.sha256, looks(await touched(path)));
      return path;
    });
  }

  /** Removes downloads that processes which were killed have left half done. What cannot be removed stays. */
  async sweep(): Promise<void> {
    const before = Date.now() - LEFT_AFTER_MS;
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (!name.endsWith('.part')) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found && found.mtimeMs < before) await rm(path, { force: true }).catch(() => undefined);
    }
  }

  async #isRight(path: string, ref: Ref, signal: AbortSignal): Promise<boolean> {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile() || found.size !== ref.bytes) return false;
    if (this.#trusted.get(ref.sha256) === looks(found)) return true;
    const { sha256 } = await hashFile(path, { signal });
    return sha256 === ref.sha256;
  }

  async #evict(newest: string): Promise<void> {
    const files = await this.#files();
    let total = files.reduce((sum, file) => sum + file.found.size, 0);
    const recent = Date.now() - this.#keepMs;
    for (const { path, found } of files.toSorted((a, b) => a.found.atimeMs - b.found.atimeMs)) {
      if (total <= this.#maxBytes) return;
      if (path === newest || found.atimeMs > recent) continue;
      await rm(path, { force: true });
      total -= found.size;
    }
  }

  async #files(): Promise<{ path: string; found: Stats }[]> {
    const paths = (await readdir(this.#folder)).filter(isSha256).map((name) => join(this.#folder, name));
    const stats = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
    return paths.flatMap((path, index) => {
      const found = stats[index];
      return found ? [{ path, found }] : [];
    });
  }
}

/** The access time is the cache's own note of the last use; it is left out of what a file looks like. */
function looks(found: Stats): string {
  return `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
}

/** Notes the use. Whole seconds of the modification time survive `utimes` exactly; fractions would not. */
async function touched(path: string): Promise<Stats> {
  const { mtimeMs } = await stat(path);
  await utimes(path, Date.now() / 1000, Math.floor(mtimeMs / 1000));
  return stat(path);
}
