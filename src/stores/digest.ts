import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { Sha256 } from '../domain/artifact.js';

/** SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hex. */
export function sha256Hex(data: Uint8Array | string): Sha256 {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Size and SHA-256 of a file's bytes, read in pieces: memory stays flat however large the file is.
 *
 * @throws what the file system throws, for example ENOENT; the signal's reason when it is aborted.
 */
export async function hashFile(path: string, options: { signal?: AbortSignal } = {}): Promise<FileDigest> {
  const handle = await open(path, 'r');
  try {
    return await hashHandle(handle, options.signal);
  } finally {
    await handle.close();
  }
}

export interface FileDigest {
  readonly sha256: Sha256;
  readonly bytes: number;
}

const PIECE = 1024 * 1024;

/** Reads the next piece while the one before is hashed: the disk and the processor work at the same time. */
async function hashHandle(handle: FileHandle, signal: AbortSignal | undefined): Promise<FileDigest> {
  const hash: Hash = createHash('sha256');
  const buffers = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)] as const;
  let bytes = 0;
  let turn = 0;
  let reading = handle.read(buffers[0], 0, PIECE, 0);
  for (;;) {
    const { bytesRead, buffer } = await reading;
    signal?.throwIfAborted();
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
    bytes += bytesRead;
    turn = 1 - turn;
    reading = handle.read(turn === 0 ? buffers[0] : buffers[1], 0, PIECE, bytes);
    // A rejection while this piece is hashed is seen by the await above, one turn later.
    reading.catch(() => undefined);
    hash.update(bytesRead === PIECE ? buffer : buffer.subarray(0, bytesRead));
  }
}
