import type { Ref, Sha256 } from '../domain/artifact.js';
import type { Trial, TrialChunk } from '../domain/search.js';
import { readManifest } from './blobs.js';
import type { ArtifactStore, CallOptions } from './store.js';

/** Chunks of trials that a worker keeps in memory: those of the last searches. */
const MOST_KEPT = 2000;

/**
 * Reads studies from the store, chunk by chunk. A chunk never changes, so what was read once is remembered: each new chunk
 * of a search costs one read, however long the study is.
 */
export class SearchChunks {
  readonly #read = new Map<Sha256, TrialChunk>();

  /** Remembers a chunk that was just written. */
  keep(ref: Ref, chunk: TrialChunk): void {
    this.#read.delete(ref.sha256);
    this.#read.set(ref.sha256, chunk);
    for (const oldest of this.#read.keys()) {
      if (this.#read.size <= MOST_KEPT) break;
      this.#read.delete(oldest);
    }
  }

  /** All trials of these chunks and of those before them, by number. */
  async trials(store: ArtifactStore, newest: readonly Ref[], options: CallOptions = {}): Promise<Trial[]> {
    const chunks = await this.all(store, newest, options);
    return chunks.flatMap(({ trials }) => trials).toSorted((a, b) => a.number - b.number);
  }

  /** These chunks and those before them. */
  async all(store: ArtifactStore, newest: readonly Ref[], options: CallOptions = {}): Promise<TrialChunk[]> {
    const seen = new Map<Sha256, TrialChunk>();
    let next = newest;
    while (next.length > 0) {
      const found = await Promise.all(next.map((ref) => this.#chunk(store, ref, options)));
      next.forEach(({ sha256 }, index) => seen.set(sha256, found[index] ?? NOTHING));
      const before = new Map(found.flatMap((chunk) => chunk.before).map((ref) => [ref.sha256, ref]));
      next = [...before.values()].filter(({ sha256 }) => !seen.has(sha256));
    }
    return [...seen.values()];
  }

  async #chunk(store: ArtifactStore, ref: Ref, options: CallOptions): Promise<TrialChunk> {
    const chunk = this.#read.get(ref.sha256) ?? (await readManifest<TrialChunk>(store, ref, options));
    this.keep(ref, chunk);
    return chunk;
  }
}

const NOTHING: TrialChunk = { kind: 'trials', schemaVersion: 1, before: [], trials: [] };
