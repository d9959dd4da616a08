import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataUnreadableError } from '../errors.js';
import type { Packing } from './packing.js';
import { scratchLimit, type ScratchLimit, type UnpackLimits } from './scratch-limit.js';
import { PackedError, unzstd } from './zstd-frames.js';

/**
 * Unpacks a file into a new one, streaming: every member of a gzip file, every frame of a zstd file. What is cut off,
 * damaged, or followed by anything else is refused, and so is what grows beyond the limits.
 *
 * @throws {DataUnreadableError}; the unfinished file is the caller's to remove.
 */
export async function unpackFile(
  file: string,
  outFile: string,
  packing: Packing,
  { object, limits, signal }: { object: string; limits?: UnpackLimits; signal?: AbortSignal },
): Promise<void> {
  const size = (await stat(file)).size;
  const limit = await scratchLimit(size, dirname(outFile), limits);
  // A file that is opened by hand is there, or is not: a stream might create it after it has been removed again.
  const [source, handle] = [await open(file), await open(outFile, 'w')];
  try {
    const target = new Target(handle, limit, packing);
    const chunks = source.createReadStream({ highWaterMark: CHUNK, autoClose: false });
    const unpacking =
      packing === 'zstd' ? unzstdInto(chunks, target, signal) : gunzipInto(chunks, target, size, signal);
    // A pipeline may say that it was aborted where the target says why.
    await unpacking.catch((error: unknown) => {
      throw target.failure ?? error;
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof PackedError)) throw error;
    throw new DataUnreadableError(`Cannot unpack "${object}": it ${error.message}`, {
      fix: 'Write the file again, or write it unpacked.',
      details: { object, packing },
    });
  } finally {
    await Promise.all([source.close(), handle.close()]);
  }
}

const CHUNK = 256 * 1024;

/** Writes what comes, up to the limit. */
class Target {
  /** What went wrong here and not before. */
  failure: unknown;
  #written = 0;

  constructor(
    readonly handle: FileHandle,
    readonly limit: ScratchLimit,
    readonly packing: Packing,
  ) {}

  readonly take = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) {
      try {
        await this.#write(chunk);
      } catch (error) {
        this.failure = error;
        throw error;
      }
    }
  };

  async #write(chunk: Uint8Array): Promise<void> {
    const { bytes, reason } = this.limit;
    this.#written += chunk.length;
    if (this.#written > bytes) {
      throw new PackedError(`is more than ${bytes} bytes when it is unpacked with ${this.packing}, the most${reason}`);
    }
    await this.handle.writeFile(chunk);
  }
}

async function unzstdInto(source: Readable, target: Target, signal: AbortSignal | undefined): Promise<void> {
  await pipeline(source, unzstd, target.take, { ...(signal && { signal }) });
}

async function gunzipInto(
  source: Readable,
  target: Target,
  size: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  const junk = () => new PackedError('has bytes behind its end that are no gzip');
  try {
    await pipeline(source, gunzip, target.take, { ...(signal && { signal }) });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'Z_BUF_ERROR') throw new PackedError('was cut off');
    // The first header was right, or nobody would have taken the file for gzip.
    if (code === 'Z_DATA_ERROR' && /incorrect header check/.test(String(error))) throw junk();
    if (code === 'Z_DATA_ERROR') throw new PackedError('is damaged');
    // It stops at a zero byte behind a member, as if the rest were padding, and with it the stream that feeds it.
    if (code === 'ABORT_ERR' && gunzip.bytesWritten < size) throw junk();
    throw error;
  }
  if (gunzip.bytesWritten < size) throw junk();
}
