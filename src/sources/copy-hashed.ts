import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Streams into a new file and hashes on the way. When it fails, the file is gone. */
export async function copyHashed(
  stream: Readable,
  file: string,
  signal: AbortSignal | undefined,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  // `wx`: a file of that name belongs to somebody else.
  const out = createWriteStream(file, { flags: 'wx', highWaterMark: 1024 * 1024 });
  let opened = false;
  out.once('open', () => (opened = true));
  try {
    await pipeline(stream, hashed, out, { ...(signal && { signal }) });
    return { sha256: hash.digest('hex'), bytes };
  } catch (error) {
    if (opened) await rm(file, { force: true });
    signal?.throwIfAborted();
    throw error;
  }
}
