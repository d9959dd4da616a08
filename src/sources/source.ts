import type { SourceObject } from '../domain/data.js';

export interface SourceCallOptions {
  readonly signal?: AbortSignal;
}

/**
 * A place where data comes from. Perennial lists it, compares with the snapshot before, and fetches what is new or
 * changed. Both methods may be called at any time, any number of times, from several processes.
 */
export interface Source {
  /** For people: `s3 bucket perennial-inbox, prefix flights/`. */
  readonly name: string;
  /**
   * Everything that is there now, sorted by `id`.
   * @throws SourceRefusedError when the place does not exist or may not be read; SourceUnavailableError when it may later.
   */
  list(options?: SourceCallOptions): Promise<SourceObject[]>;
  /**
   * Copies the object's bytes into a new local file and returns its SHA-256 and size. An object that changed since it
   * was listed is an error that a retry heals (SourceUnavailableError): never a mix of two versions.
   */
  fetch(object: SourceObject, file: string, options?: SourceCallOptions): Promise<{ sha256: string; bytes: number }>;
}
