import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { PIECE_BYTES } from './digest.js';
import { PreparedFile } from './prepared-file.js';
import type { FileBody } from './store.js';
import { Verifier } from './verify.js';

/** One part of a file, with the checksum that it must arrive with. */
export interface FilePart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly crc: number;
}

/** S3 takes no more parts than this. */
const MOST_PARTS = 10_000;

/**
 * Hands out the parts of a file one after the other. Of a {@link PreparedFile} the checksums are known. Any other file is
 * hashed once more on the way, so that one that changed since it was hashed is found before it becomes an object.
 */
export class PartReader {
  /** Size of all parts but the last, in bytes. */
  readonly partBytes: number;
  readonly #file: FileBody;
  readonly #handle: FileHandle;
  readonly #verifier = new Verifier();
  #crc = 0;
  #number = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(file: FileBody, handle: FileHandle, partBytes: number) {
    this.#file = file;
    this.#handle = handle;
    const least = Math.max(partBytes, file.bytes / MOST_PARTS);
    this.partBytes = Math.ceil(least / PIECE_BYTES) * PIECE_BYTES;
  }

  static async open(file: FileBody, partBytes: number): Promise<PartReader> {
    return new PartReader(file, await open(file.path, 'r'), partBytes);
  }

  /** The next part, read into `buffer`; undefined after the last. Callers wait for one another. */
  next(buffer: Buffer): Promise<FilePart | undefined> {
    const turn = this.#turn.then(() => this.#read(buffer));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** After the last part: the CRC of the whole. */
  get crc(): number {
    return this.#file instanceof PreparedFile ? this.#file.crc32(0, this.#file.bytes) : this.#crc;
  }

  /** After the last part: undefined, or in words what the file is instead of what it was. */
  mismatch(): string | undefined {
    return this.#file instanceof PreparedFile ? undefined : this.#verifier.mismatch(this.#file);
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#handle.close();
  }

  async #read(buffer: Buffer): Promise<FilePart | undefined> {
    const start = this.#number * this.partBytes;
    const end = Math.min(start + this.partBytes, this.#file.bytes);
    if (start >= end) return undefined;
    this.#number += 1;
    let filled = 0;
    while (filled < end - start) {
      const { bytesRead } = await this.#handle.read(buffer, filled, end - start - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const bytes = buffer.subarray(0, filled);
    if (this.#file instanceof PreparedFile) {
      return { number: this.#number, bytes, crc: this.#file.crc32(start, end) };
    }
    this.#verifier.update(bytes);
    this.#crc = crc32(bytes, this.#crc);
    return { number: this.#number, bytes, crc: crc32(bytes) };
  }
}
