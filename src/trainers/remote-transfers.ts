import type { Ref } from '../domain/artifact.js';

interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * How a job reaches a machine that has no credentials of the store, and how what it made comes back. What the far side
 * writes is below `staging/` until it was taken.
 */
export interface RemoteTransfers {
  /** Keeps a local file for good, by its digest. */
  keep(file: string, options?: CallOptions): Promise<Ref>;
  /** What is kept under this digest; undefined when nothing is. */
  find(key: string, sha256: string, options?: CallOptions): Promise<Ref | undefined>;
  /** Puts bytes or a local file at a key of `staging/`. */
  put(key: string, what: Buffer | string, options?: CallOptions): Promise<Ref>;
  /** Lets whoever has it read or write this object until it expires. */
  address(key: string, to: 'read' | 'write', validMs: number): Promise<string>;
  /** Downloads into a new file, checked by digest and size. */
  take(ref: Ref, file: string, options?: CallOptions): Promise<void>;
  /** What stands in an object from an offset on, as it is; undefined when there is no object. */
  readFrom(key: string, offset: number, options?: CallOptions): Promise<Buffer | undefined>;
  /** Removes all objects whose keys begin so. */
  remove(prefix: string, options?: CallOptions): Promise<void>;
}
