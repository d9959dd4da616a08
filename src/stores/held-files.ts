import type { Ref, Sha256 } from '../domain/artifact.js';
import type { BlobCache, BlobFiles } from './blob-cache.js';
import type { CallOptions } from './store.js';

/** The files of one piece of work: none is removed from the cache before the work has ended. */
export class HeldFiles implements BlobFiles {
  readonly #cache: BlobCache;
  readonly #held = new Set<Sha256>();
  #bytes = 0;

  constructor(cache: BlobCache) {
    this.#cache = cache;
  }

  async file(ref: Ref, options?: CallOptions): Promise<string> {
    if (!this.#held.has(ref.sha256)) {
      this.#cache.hold(ref, this.#bytes);
      this.#held.add(ref.sha256);
      this.#bytes += ref.bytes;
    }
    return await this.#cache.file(ref, options);
  }

  during<T>(work: (files: BlobFiles) => Promise<T>): Promise<T> {
    return this.#cache.during(work);
  }

  sweep(): Promise<void> {
    return this.#cache.sweep();
  }

  release(): void {
    for (const sha256 of this.#held) this.#cache.letGo(sha256);
    this.#held.clear();
  }
}
