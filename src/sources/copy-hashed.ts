import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Streams into a new file and hashes on the way. When it fails, the file is gone. */
export async function copyHashed(
  stream: Readable,
  file: string,
  signal: AbortSignal | undefined,
): Promise<{ sha256: string; bytes: number }> {
  // It may fail before anybody reads it, or when nobody does any more: that must not end the process.
  stream.on('error', () => undefined);
  const hash = createHash('sha256');
  let bytes = 0;
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  // `wx`: a file of that name belongs to somebody else. Opened before the stream starts, so that whether it is ours to
  // remove is known whenever the stream fails.
  const handle = await open(file, 'wx').catch((error: unknown) => {
    stream.destroy();
    throw error;
  });
  try {
    await pipeline(stream, hashed, handle.createWriteStream({ highWaterMark: 1024 * 1024 }), {
      ...(signal && { signal }),
    });
    return { sha256: hash.digest('hex'), bytes };
  } catch (error) {
    await rm(file, { force: true });
    signal?.throwIfAborted();
    throw error;
  } finally {
    await handle.close().catch(() => undefined);
  }
}
