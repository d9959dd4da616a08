import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { StoreRefusedError, StoreUnavailableError } from '../errors.js';
import type { Ref } from '../domain/artifact.js';
import { corrupt, describe, Verifier, type Place } from './verify.js';

/**
 * Writes what comes in to a temporary name beside `file`, hashing on the way, and gives it its name only when size and
 * SHA-256 are those of `ref`. Nothing is left behind otherwise. The file is not synced: whoever finds it after a crash
 * hashes it again (see `BlobCache`).
 *
 * @throws {ArtifactCorruptError} when other bytes came; what `pieces` throws; {@link StoreUnavailableError} when the local
 * disk is full, {@link StoreRefusedError} when the file cannot be written there at all.
 */
export async function writeVerified(
  pieces: AsyncIterable<Buffer>,
  file: string,
  ref: Ref,
  store: string,
): Promise<void> {
  const temporary = `${file}.${randomUUID()}.part`;
  const place = { store, key: ref.key };
  let handle: FileHandle | undefined;
  try {
    handle = await local(place, file, () => open(temporary, 'wx'));
    const verifier = new Verifier();
    const writer = new GatheringWriter(handle, (call) => local(place, file, call));
    for await (const piece of pieces) {
      // More than was asked for is wrong already: an endless body does not fill the disk.
      if (verifier.bytes + piece.length > ref.bytes) {
        throw corrupt(place, `more than ${ref.bytes} bytes`, describe(ref.sha256, ref.bytes));
      }
      verifier.update(piece);
      await writer.write(piece);
    }
    await writer.flush();
    await handle.close();
    handle = undefined;
    const found = verifier.mismatch(ref);
    if (found) throw corrupt(place, found, describe(ref.sha256, ref.bytes));
    await local(place, file, () => rename(temporary, file));
  } finally {
    await handle?.close();
    await rm(temporary, { force: true });
  }
}

const GATHER = 1024 * 1024;

/** Gathers small pieces to writes of about a MiB, each of which runs while the next is gathered. */
class GatheringWriter {
  #gathered: Buffer[] = [];
  #size = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    readonly handle: FileHandle,
    readonly guard: (call: () => Promise<void>) => Promise<void>,
  ) {}

  async write(piece: Buffer): Promise<void> {
    this.#gathered.push(piece);
    this.#size += piece.length;
    if (this.#size >= GATHER) await this.#next();
  }

  async flush(): Promise<void> {
    if (this.#size > 0) await this.#next();
    await this.#writing;
  }

  async #next(): Promise<void> {
    const [pieces, size] = [this.#gathered, this.#size];
    [this.#gathered, this.#size] = [[], 0];
    await this.#writing;
    this.#writing = this.guard(async () => {
      const { bytesWritten } = await this.handle.writev(pieces);
      if (bytesWritten !== size) throw Object.assign(new Error('a short write'), { code: 'ENOSPC' });
    });
    // Seen by the next await; without this a failure in between would end the process.
    this.#writing.catch(() => undefined);
  }
}

async function local<T>(place: Place, file: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Cannot download object "${place.key}" of ${place.store} to "${file}": ${reason}`;
    const full = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    if (full) throw new StoreUnavailableError(message, { fix: 'Free space on this disk.', cause: error });
    throw new StoreRefusedError(message, { fix: 'Choose a folder that exists and can be written.', cause: error });
  }
}
