import { AsyncLocalStorage } from 'node:async_hooks';
import type { Ref } from '../domain/artifact.js';
import type { ArtifactStore, Body, CallOptions, ListedObject } from './store.js';

/** Bytes of objects that some work moved between here and the store. */
export interface MovedBytes {
  read: number;
  written: number;
}

const counters = new AsyncLocalStorage<MovedBytes>();

/** Adds what the work moves through any {@link CountingStore} to the counter. */
export function countMoved<T>(counter: MovedBytes, work: () => Promise<T>): Promise<T> {
  return counters.run(counter, work);
}

/**
 * A store that counts for whom it moves bytes: see {@link countMoved}. A download that several wait for counts for the
 * first. Bytes that were sent in vain, because the object was there, were moved too.
 */
export class CountingStore implements ArtifactStore {
  readonly address?: NonNullable<ArtifactStore['address']>;
  readonly #inner: ArtifactStore;

  constructor(inner: ArtifactStore) {
    this.#inner = inner;
    if (inner.address) this.address = inner.address.bind(inner);
  }

  get name(): string {
    return this.#inner.name;
  }

  async create(key: string, body: Body, options?: CallOptions): Promise<'created' | 'exists'> {
    const answer = await this.#inner.create(key, body, options);
    wrote(body);
    return answer;
  }

  async replace(key: string, body: Body, options?: CallOptions): Promise<void> {
    await this.#inner.replace(key, body, options);
    wrote(body);
  }

  async read(key: string, expected?: Ref, options?: CallOptions): Promise<Buffer> {
    const bytes = await this.#inner.read(key, expected, options);
    read(bytes.length);
    return bytes;
  }

  async download(ref: Ref, file: string, options?: CallOptions): Promise<void> {
    await this.#inner.download(ref, file, options);
    read(ref.bytes);
  }

  async check(ref: Ref, options?: CallOptions): Promise<void> {
    await this.#inner.check(ref, options);
    read(ref.bytes);
  }

  stat(key: string, options?: CallOptions): Promise<{ bytes: number } | undefined> {
    return this.#inner.stat(key, options);
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<ListedObject> {
    return this.#inner.list(prefix, options);
  }

  remove(key: string, options?: CallOptions): Promise<void> {
    return this.#inner.remove(key, options);
  }

  probe(options?: CallOptions): Promise<void> {
    return this.#inner.probe(options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function read(bytes: number): void {
  const counter = counters.getStore();
  if (counter) counter.read += bytes;
}

function wrote(body: Body): void {
  const counter = counters.getStore();
  if (counter) counter.written += Buffer.isBuffer(body) ? body.length : body.bytes;
}
