import { chmod, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { isSha256, type Ref, type Sha256 } from '../domain/artifact.js';
import { CacheTooSmallError, DataEngineError } from '../errors.js';
import { hashFile } from './digest.js';
import { HeldFiles } from './held-files.js';
import { SharedCalls } from './shared-calls.js';
import type { ArtifactStore, CallOptions } from './store.js';

export interface BlobCacheOptions {
  /** Bytes that the files may take before the least recently used are removed. */
  readonly maxBytes: number;
  /**
   * A file is not removed for this long after it was last handed out, in milliseconds, even above `maxBytes`: whoever
   * got its path may not have opened it yet, and other processes show in this way that they work with it. Default one
   * minute.
   */
  readonly keepMs?: number;
}

/** Where work gets local copies of objects from. */
export interface BlobFiles {
  /**
   * Path of a local file with exactly these bytes; do not write to it. Downloaded once, however many ask at the same
   * time; aborting one caller's signal stops the download only when nobody else waits for it.
   *
   * @throws what `ArtifactStore.download` throws.
   */
  file(ref: Ref, options?: CallOptions): Promise<string>;
  /**
   * Does some work with a cache of which every file stays where it is until the work has ended.
   *
   * @throws from its `file`: {@link CacheTooSmallError} when the work needs more than the cache may hold at once,
   *   {@link DataEngineError} when it does now, beside what other work holds
   */
  during<T>(work: (files: BlobFiles) => Promise<T>): Promise<T>;
  /** Removes downloads that processes which were killed have left half done. What cannot be removed stays. */
  sweep(): Promise<void>;
}

/** A download that has not grown for this long was left by a process that was killed. */
const LEFT_AFTER_MS = 86_400_000;
/** So much is freed at once, so that a full cache is not looked through for every file. */
const FREED_SHARE = 0.1;
/** Other processes fill the folder too: after so many downloads it is looked at again. */
const LOOK_AFTER = 100;

/**
 * Verified local copies of objects, one read-only file a digest. A file found on disk is trusted only after its size
 * and digest were checked by this process, and again whenever it has changed since. Several processes may share a
 * folder.
 */
export class BlobCache implements BlobFiles {
  /** See {@link BlobCacheOptions}. */
  readonly maxBytes: number;
  readonly #store: ArtifactStore;
  readonly #folder: string;
  readonly #keepMs: number;
  readonly #fetching = new SharedCalls<string>();
  /** What each file looked like when its digest was last checked. */
  readonly #trusted = new Map<Sha256, string>();
  /** Files that work of this process holds, by how many, with their sizes. */
  readonly #held = new Map<Sha256, { holders: number; readonly bytes: number }>();
  #touching: NodeJS.Timeout | undefined;
  /** What the folder holds as far as is known; undefined when it must be looked at. */
  #size: number | undefined;
  #incoming = 0;
  #downloads = 0;

  constructor(store: ArtifactStore, folder: string, options: BlobCacheOptions) {
    this.#store = store;
    this.#folder = resolve(folder);
    this.maxBytes = options.maxBytes;
    this.#keepMs = options.keepMs ?? 60_000;
  }

  async file(ref: Ref, options: CallOptions = {}): Promise<string> {
    if (!isSha256(ref.sha256)) throw new RangeError(`Cannot cache "${ref.key}": "${ref.sha256}" is no SHA-256`);
    const path = join(this.#folder, ref.sha256);
    return this.#fetching.call(ref.sha256, options.signal, async (signal) => {
      if (!(await this.#isRight(path, ref, signal))) await this.#download(ref, path, signal);
      this.#trusted.set(ref.sha256, looks(await touched(path)));
      return path;
    });
  }

  async during<T>(work: (files: BlobFiles) => Promise<T>): Promise<T> {
    const files = new HeldFiles(this);
    try {
      return await work(files);
    } finally {
      files.release();
    }
  }

  async sweep(): Promise<void> {
    const before = Date.now() - LEFT_AFTER_MS;
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (!name.endsWith('.part')) continue;
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found && found.mtimeMs < before) await rm(path, { force: true }).catch(() => undefined);
    }
  }

  /**
   * Keeps a file, which may be still to come, from being removed. For {@link HeldFiles}.
   *
   * @param mine bytes that the same work holds already
   * @throws as {@link BlobFiles.during} says
   */
  hold(ref: Ref, mine: number): void {
    if (mine + ref.bytes > this.maxBytes) throw tooSmall(mine + ref.bytes, this.maxBytes);
    const held = this.#held.get(ref.sha256);
    if (held) {
      held.holders += 1;
      return;
    }
    const others = [...this.#held.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    if (others + ref.bytes > this.maxBytes) throw full(others + ref.bytes, this.maxBytes);
    this.#held.set(ref.sha256, { holders: 1, bytes: ref.bytes });
    this.#touching ??= setInterval(() => void this.#touchHeld(), this.#keepMs / 3).unref();
  }

  /** Ends a {@link hold}. */
  letGo(sha256: Sha256): void {
    const held = this.#held.get(sha256);
    if (!held) return;
    held.holders -= 1;
    if (held.holders === 0) this.#held.delete(sha256);
    if (this.#held.size > 0) return;
    clearInterval(this.#touching);
    this.#touching = undefined;
  }

  async #download(ref: Ref, path: string, signal: AbortSignal): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    this.#incoming += ref.bytes;
    try {
      await this.#makeRoom();
      await this.#store.download(ref, path, { signal });
      await chmod(path, 0o444);
      if (this.#size !== undefined) this.#size += ref.bytes;
    } finally {
      this.#incoming -= ref.bytes;
    }
  }

  async #isRight(path: string, ref: Ref, signal: AbortSignal): Promise<boolean> {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile() || found.size !== ref.bytes) return false;
    if (this.#trusted.get(ref.sha256) === looks(found)) return true;
    const { sha256 } = await hashFile(path, { signal });
    return sha256 === ref.sha256;
  }

  /** Removes what was used longest ago, until what is on its way fits in. What is in use stays. */
  async #makeRoom(): Promise<void> {
    this.#downloads += 1;
    const known = this.#downloads % LOOK_AFTER === 0 ? undefined : this.#size;
    if (known !== undefined && known + this.#incoming <= this.maxBytes) return;
    const files = await this.#files();
    let size = files.reduce((sum, { found }) => sum + found.size, 0);
    const recent = Date.now() - this.#keepMs;
    const room = this.maxBytes - this.#incoming;
    const goal = size > room ? Math.min(room, size - this.maxBytes * FREED_SHARE) : size;
    for (const { sha256, path, found } of files.toSorted((a, b) => a.found.atimeMs - b.found.atimeMs)) {
      if (size <= goal) break;
      if (this.#held.has(sha256) || found.atimeMs > recent) continue;
      await rm(path, { force: true });
      size -= found.size;
    }
    this.#size = size;
  }

  async #files(): Promise<{ sha256: Sha256; path: string; found: Stats }[]> {
    const names = (await readdir(this.#folder)).filter(isSha256);
    const found = await Promise.all(names.map((name) => stat(join(this.#folder, name)).catch(() => undefined)));
    return names.flatMap((sha256, index) => {
      const stats = found[index];
      return stats ? [{ sha256, path: join(this.#folder, sha256), found: stats }] : [];
    });
  }

  /** So that other processes see that they are in use. */
  async #touchHeld(): Promise<void> {
    const paths = [...this.#held.keys()].map((sha256) => join(this.#folder, sha256));
    await Promise.all(paths.map((path) => touched(path).catch(() => undefined)));
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

function tooSmall(bytes: number, maxBytes: number): CacheTooSmallError {
  return new CacheTooSmallError(
    `Cannot keep all that a step works with on this disk: it needs ${bytes} bytes or more at once, the limit is ${maxBytes}`,
    {
      fix: 'Let the worker keep more (`perennial worker --cache-bytes`, or cacheBytes of workerDeps), or make the windows of `split` shorter.',
      details: { bytes, cacheBytes: maxBytes },
    },
  );
}

function full(bytes: number, maxBytes: number): DataEngineError {
  return new DataEngineError(
    `Cannot keep all that steps work with on this disk now: together they need ${bytes} bytes, the limit is ${maxBytes}`,
    {
      fix: 'It is tried again when others have ended. To have them side by side let the worker keep more: `perennial worker --cache-bytes`, or cacheBytes of workerDeps.',
      details: { bytes, cacheBytes: maxBytes },
    },
  );
}
