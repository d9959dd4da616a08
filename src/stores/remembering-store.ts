import { digestOfKey, type Ref } from '../domain/artifact.js';
import { sha256Hex } from './digest.js';
import { ForwardingStore } from './forwarding-store.js';
import type { ArtifactStore, CallOptions } from './store.js';

export interface RememberingOptions {
  /** Most bytes of manifests that are remembered; what was asked for least lately is forgotten. Default: 32 MiB. */
  readonly maxBytes?: number;
}

/**
 * A store that is asked for each manifest once: a key that is a digest has but one right content, and what was right stays
 * so. For what is known from before, such as the spec and what the champion learned from. Not for evidence of what is done
 * now: that the store still has it, an answer from memory does not say.
 */
export class RememberingStore extends ForwardingStore {
  readonly #maxBytes: number;
  /** By key; what was asked for last comes last. */
  readonly #known = new Map<string, Buffer>();
  #bytes = 0;

  constructor(inner: ArtifactStore, { maxBytes = 32 * 1024 ** 2 }: RememberingOptions = {}) {
    super(inner);
    this.#maxBytes = maxBytes;
  }

  override async read(key: string, expected?: Ref, options?: CallOptions): Promise<Buffer> {
    const known = this.#known.get(key);
    if (known) {
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    }
    const bytes = await super.read(key, expected, options);
    if (key.startsWith('manifests/') && digestOfKey(key) === sha256Hex(bytes)) this.#remember(key, bytes);
    return bytes;
  }

  /** The store below belongs to whoever opened it. */
  override async close(): Promise<void> {}

  #remember(key: string, bytes: Buffer): void {
    // Another reading of the same one may have ended meanwhile.
    if (bytes.length > this.#maxBytes || this.#known.has(key)) return;
    this.#known.set(key, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, { length }] of this.#known) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#known.delete(oldest);
      this.#bytes -= length;
    }
  }
}
