import { createHash, type Hash } from 'node:crypto';
import { ArtifactCorruptError, ArtifactMissingError, StoreRefusedError } from '../errors.js';
import type { Sha256 } from '../domain/artifact.js';
import { sha256Hex } from './digest.js';

/** The largest object that `read` takes into memory: 64 MiB. Larger ones are downloaded to a file. */
export const LARGEST_READ = 64 * 1024 * 1024;

/** What an object should be: its digest, and its size where that is known. */
export interface Expected {
  readonly sha256: Sha256;
  readonly bytes?: number;
}

/** An object of a store, for messages. */
export interface Place {
  /** The store's name. */
  readonly store: string;
  readonly key: string;
}

/** Hashes what passes by and says at the end whether it was what was expected. */
export class Verifier {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  update(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.#bytes += piece.length;
  }

  /** Undefined when size and digest are as expected, else what was found, in words. */
  mismatch(expected: Expected): string | undefined {
    const sha256 = this.#hash.digest('hex');
    const same = sha256 === expected.sha256 && this.#bytes === (expected.bytes ?? this.#bytes);
    return same ? undefined : describe(sha256, this.#bytes);
  }
}

/** @throws {ArtifactCorruptError} when the bytes are not what is expected. */
export function verified(place: Place, bytes: Buffer, expected: Expected): Buffer {
  const sha256 = sha256Hex(bytes);
  if (sha256 === expected.sha256 && bytes.length === (expected.bytes ?? bytes.length)) return bytes;
  throw corrupt(place, describe(sha256, bytes.length), describe(expected.sha256, expected.bytes));
}

/** Hashes all that comes, and keeps none of it. @throws {ArtifactCorruptError} when it is not what is expected */
export async function checkPieces(
  place: Place,
  pieces: AsyncIterable<Buffer>,
  expected: Required<Expected>,
): Promise<void> {
  const wanted = describe(expected.sha256, expected.bytes);
  const verifier = new Verifier();
  for await (const piece of pieces) {
    verifier.update(piece);
    // More than there should be is wrong already, and may have no end.
    if (verifier.bytes > expected.bytes) throw corrupt(place, `more than ${expected.bytes} bytes`, wanted);
  }
  const found = verifier.mismatch(expected);
  if (found) throw corrupt(place, found, wanted);
}

/** The bytes that came back are not the bytes that were written. */
export function corrupt(place: Place, found: string, wanted: string): ArtifactCorruptError {
  return new ArtifactCorruptError(
    `Cannot use object "${place.key}" of ${place.store}: found ${found}, want ${wanted}`,
    {
      fix: 'Restore the object from a backup of the store, or make it again by a new run. Reading changed nothing.',
      details: { ...place, found, wanted },
    },
  );
}

/** The bytes handed over for writing are not those that their digest names: a file that changed after it was hashed. */
export function notAsDeclared(place: Place, found: string, wanted: string): ArtifactCorruptError {
  return new ArtifactCorruptError(
    `Cannot store object "${place.key}" in ${place.store}: found ${found}, declared was ${wanted}`,
    { fix: 'Hash the file after its last change, then store it.', details: { ...place, found, wanted } },
  );
}

export function missing(place: Place, cause?: unknown): ArtifactMissingError {
  return new ArtifactMissingError(`Cannot read object "${place.key}" of ${place.store}: there is no such object`, {
    fix: 'Check that this is the store that it was written to; if it is, restore the object from a backup.',
    details: { ...place },
    cause,
  });
}

export function tooLarge(place: Place, bytes: number): StoreRefusedError {
  return new StoreRefusedError(
    `Cannot read object "${place.key}" of ${place.store} into memory: found ${bytes} bytes, the limit is ${LARGEST_READ}`,
    { fix: 'Download it to a file instead.', details: { ...place, bytes } },
  );
}

export function describe(sha256: Sha256, bytes?: number): string {
  return bytes === undefined ? `SHA-256 ${sha256}` : `${bytes} bytes with SHA-256 ${sha256}`;
}
