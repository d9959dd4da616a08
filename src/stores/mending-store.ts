import { digestOfKey, type Ref, type Sha256 } from '../domain/artifact.js';
import { ArtifactCorruptError, ArtifactMissingError, StoreUnavailableError } from '../errors.js';
import { sha256Hex } from './digest.js';
import { ForwardingStore } from './forwarding-store.js';
import type { Body, CallOptions } from './store.js';

/**
 * A store as those see it who make something again because it was lost or damaged. What is there already under the key of
 * a blob or a manifest is believed only after its bytes were read and hashed, and is overwritten with the right bytes
 * otherwise: a key that is a digest has but one right content. Without it an object of the right size would keep its
 * place for ever, whatever its bytes.
 *
 * Costs nothing for what is new, and a reading of what is there.
 */
export class MendingStore extends ForwardingStore {
  /** Keys that were found damaged and not yet mended. */
  readonly #damaged = new Set<string>();

  override async create(key: string, body: Body, options: CallOptions = {}): Promise<'created' | 'exists'> {
    const sha256 = digestOfKey(key);
    if (sha256 === undefined || digestOf(body) !== sha256) return await this.inner.create(key, body, options);
    if (!this.#damaged.has(key)) {
      if ((await this.inner.create(key, body, options)) === 'created') return 'created';
      if (await this.#isRight({ key, sha256, bytes: bytesOf(body) }, options)) return 'exists';
    }
    await this.inner.replace(key, body, options);
    this.#damaged.delete(key);
    return 'created';
  }

  /** Of a blob or manifest that is damaged it says that there is none. */
  override async stat(key: string, options: CallOptions = {}): Promise<{ bytes: number } | undefined> {
    const found = await this.inner.stat(key, options);
    const sha256 = digestOfKey(key);
    if (!found || sha256 === undefined) return found;
    return (await this.#isRight({ key, sha256, bytes: found.bytes }, options)) ? found : undefined;
  }

  /** The store below belongs to whoever opened it. */
  override async close(): Promise<void> {}

  async #isRight(ref: Ref, options: CallOptions): Promise<boolean> {
    try {
      await this.inner.check(ref, options);
      return true;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!mayBeDamage(error)) throw error;
      this.#damaged.add(ref.key);
      return false;
    }
  }
}

/**
 * Whether an object that could not be read may be damaged. A server with a damaged disk answers as if it were busy; if the
 * store is truly away, the next call to it says so.
 */
export function mayBeDamage(error: unknown): boolean {
  return (
    error instanceof ArtifactMissingError ||
    error instanceof ArtifactCorruptError ||
    error instanceof StoreUnavailableError
  );
}

function digestOf(body: Body): Sha256 {
  return Buffer.isBuffer(body) ? sha256Hex(body) : body.sha256;
}

function bytesOf(body: Body): number {
  return Buffer.isBuffer(body) ? body.length : body.bytes;
}
