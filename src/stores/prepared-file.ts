import { crc32 } from 'node:zlib';
import type { Sha256 } from '../domain/artifact.js';
import { joinedCrc32 } from './crc32.js';
import { hashFile, PIECE_BYTES, type HashOptions } from './digest.js';
import type { FileBody } from './store.js';

/**
 * A file that was hashed to be stored: beside its digest it knows a CRC of each of its pieces. So when it is sent in
 * parts, the server checks each part and the whole against what was hashed, and nobody has to hash it a second time.
 * The CRCs are private: the object prints, spreads and serialises as a plain {@link FileBody}.
 */
export class PreparedFile implements FileBody {
  readonly path: string;
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly #crcs: readonly number[];

  private constructor(body: FileBody, crcs: readonly number[]) {
    this.path = body.path;
    this.sha256 = body.sha256;
    this.bytes = body.bytes;
    this.#crcs = crcs;
  }

  /** @throws what `hashFile` throws. */
  static async read(path: string, options: Pick<HashOptions, 'signal' | 'untrusted'> = {}): Promise<PreparedFile> {
    const crcs: number[] = [];
    const digest = await hashFile(path, { ...options, onPiece: (piece) => crcs.push(crc32(piece)) });
    return new PreparedFile({ path, ...digest }, crcs);
  }

  /**
   * CRC-32 of the bytes from `start` to before `end`.
   *
   * @param start a multiple of a MiB.
   * @param end a multiple of a MiB, or the size of the file.
   */
  crc32(start: number, end: number): number {
    let whole = 0;
    for (let from = start; from < end; from += PIECE_BYTES) {
      whole = joinedCrc32(whole, this.#crcs[from / PIECE_BYTES] ?? 0, Math.min(PIECE_BYTES, this.bytes - from));
    }
    return whole;
  }
}
