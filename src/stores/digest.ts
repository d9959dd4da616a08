import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Sha256 } from '../domain/artifact.js';

/** SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hex. */
export function sha256Hex(data: Uint8Array | string): Sha256 {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Size and SHA-256 of a file's bytes, read in pieces: memory stays flat however large the file is.
 *
 * @param options.onPiece sees every MiB (the last may be shorter) before it is overwritten.
 * @throws what the file system throws, for example ENOENT; the signal's reason when it is aborted.
 */
export async function hashFile(path: string, options: HashOptions = {}): Promise<FileDigest> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(path, options.untrusted ? O_RDONLY | O_NOFOLLOW | O_NONBLOCK : O_RDONLY);
  try {
    if (options.untrusted && !(await handle.stat()).isFile()) throw new Error(`"${path}" is not a regular file`);
    return await hashHandle(handle, options);
  } finally {
    await handle.close();
  }
}

export interface FileDigest {
  readonly sha256: Sha256;
  readonly bytes: number;
}

export interface HashOptions {
  readonly signal?: AbortSignal;
  readonly onPiece?: (piece: Buffer) => void;
  /** Whoever wrote the file may put a link or a pipe in its place at any time: neither is opened. Default: false. */
  readonly untrusted?: boolean;
}

/** Size of the pieces that a file is hashed in: one MiB. */
export const PIECE_BYTES = 1024 * 1024;

/** Reads the next piece while the one before is hashed: the disk and the processor work at the same time. */
async function hashHandle(handle: FileHandle, { signal, onPiece }: HashOptions): Promise<FileDigest> {
  const hash = createHash('sha256');
  const buffers = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)] as const;
  let bytes = 0;
  let turn = 0;
  let reading = readPiece(handle, buffers[0], 0);
  for (;;) {
    const piece = await reading;
    signal?.throwIfAborted();
    if (piece.length === 0) return { sha256: hash.digest('hex'), bytes };
    bytes += piece.length;
    turn = 1 - turn;
    reading = readPiece(handle, turn === 0 ? buffers[0] : buffers[1], bytes);
    // A rejection while this piece is hashed is seen by the await above, one turn later.
    reading.catch(() => undefined);
    hash.update(piece);
    onPiece?.(piece);
  }
}

/** Fills the buffer from here on; only at the end of the file does a piece come out shorter. */
async function readPiece(handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
