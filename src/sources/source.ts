import type { ColumnType, SourceObject } from '../domain/data.js';
import type { Sha256 } from '../domain/artifact.js';

export interface SourceCallOptions {
  readonly signal?: AbortSignal;
}

export interface SourceListOptions extends SourceCallOptions {
  /** What the snapshot before has of this source. */
  readonly known?: readonly SourceObject[];
}

export interface FetchedObject {
  readonly sha256: Sha256;
  readonly bytes: number;
  /** Version of what was really read, where that may differ from what was listed. */
  readonly version?: string;
  /** Types of columns that the source knows for sure, such as a database; they win over what CSV text looks like. */
  readonly types?: Readonly<Record<string, ColumnType>>;
}

/**
 * A place where data comes from. Perennial lists it, compares with the snapshot before, and fetches what is new or
 * changed. Both methods may be called at any time, any number of times, from several processes.
 */
export interface Source {
  /** For people: `s3 bucket perennial-inbox, prefix flights/`. */
  readonly name: string;
  /**
   * Everything that is there now, sorted by `id`. A source whose objects are slices of something that grows lists the
   * slices that are `known` as they were, and what came after them as new ones.
   * @throws SourceRefusedError when the place does not exist or may not be read; SourceUnavailableError when it may later.
   */
  list(options?: SourceListOptions): Promise<SourceObject[]>;
  /**
   * Copies the object's bytes into a new local file and returns its SHA-256 and size. Never a mix of two versions: an
   * object that changed since it was listed is an error that a retry heals (SourceUnavailableError), or comes with the
   * version that was read.
   */
  fetch(object: SourceObject, file: string, options?: SourceCallOptions): Promise<FetchedObject>;
}
