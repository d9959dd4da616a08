import type { Ref } from '../domain/artifact.js';

/** What to write: bytes in memory, or a file whose digest and size are known. */
export type Body = Buffer | FileBody;

/** A file on local disk, hashed before it is sent (see `hashFile`). */
export interface FileBody {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface CallOptions {
  /** Aborting it rejects the call with the signal's reason; nothing half-written is left under a canonical key. */
  readonly signal?: AbortSignal;
}

/** One object in a listing. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** When the store last wrote the object, by the store's own clock. */
  readonly modified: Date;
}

/**
 * Where every byte that was used is kept. One contract suite (`test/contracts/artifact-store.ts`) says what an
 * implementation must do; whoever passes it can carry Perennial.
 *
 * Keys: segments of `[a-z0-9._-]` joined by `/`, the first alphabetic; a key is never also a prefix of another.
 * All calls are safe at the same time from many processes. Failures: {@link ArtifactMissingError},
 * {@link ArtifactCorruptError}, {@link StoreUnavailableError} (worth a retry later), {@link StoreRefusedError} (not).
 */
export interface ArtifactStore {
  /** For people: what and where, without credentials. Example: `MinIO http://127.0.0.1:9000/perennial`. */
  readonly name: string;
  /**
   * Creates the object if the key is free, in one atomic step: of any number of callers exactly one gets `created`.
   * After an unknown outcome (a connection lost after sending) it reads back and answers for this very call.
   */
  create(key: string, body: Body, options?: CallOptions): Promise<'created' | 'exists'>;
  /**
   * Writes the object whether or not it exists. For announcements and caches. Of what is evidence only to put the bytes
   * that a key names by their digest in the place of other ones: see `mendingStore`.
   */
  replace(key: string, body: Body, options?: CallOptions): Promise<void>;
  /**
   * Reads a small object (up to 64 MiB) whole. With `expected`, size and SHA-256 are verified.
   * Without it, the digest that the writer recorded beside the object is.
   */
  read(key: string, expected?: Ref, options?: CallOptions): Promise<Buffer>;
  /** Streams an object into a new local file, verified while streaming; the file appears only when it is right. */
  download(ref: Ref, file: string, options?: CallOptions): Promise<void>;
  /** Reads an object to its end, however large, and keeps nothing: proves that size and SHA-256 are those of `ref`. */
  check(ref: Ref, options?: CallOptions): Promise<void>;
  /** The object's size, or undefined when there is none. Proves nothing about its bytes: {@link check} does. */
  stat(key: string, options?: CallOptions): Promise<{ bytes: number } | undefined>;
  /** Lists objects below a prefix (ending in `/`, or empty for all) in key order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ListedObject>;
  /** Removes an object; removing what is not there succeeds. */
  remove(key: string, options?: CallOptions): Promise<void>;
  /**
   * An address under which whoever has it may read (GET) or write (PUT, the whole object) this one object, without
   * credentials, until it has expired: for programs on other machines. While it is valid it is a credential. What is written
   * so carries no digest that {@link read} could check: it is read with one that the writer told. Absent: the store has no such
   * addresses.
   *
   * @param validMs at most a week; more is taken as a week.
   */
  address?(key: string, to: 'read' | 'write', validMs: number): Promise<string>;
  /**
   * Proves at start-up that this backend keeps its promises (create-if-absent, one winner of a 20-way race, bytes that
   * come back as they went in) and refuses it otherwise.
   * @throws {StoreRefusedError} naming the promise that was broken.
   */
  probe(options?: CallOptions): Promise<void>;
  /** Ends sockets and the like. The store is not usable afterwards. */
  close(): Promise<void>;
}
