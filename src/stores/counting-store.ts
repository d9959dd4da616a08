import { AsyncLocalStorage } from 'node:async_hooks';
import type { Ref } from '../domain/artifact.js';
import { ForwardingStore } from './forwarding-store.js';
import type { ArtifactStore, Body, CallOptions } from './store.js';

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
export class CountingStore extends ForwardingStore {
  readonly address?: NonNullable<ArtifactStore['address']>;

  constructor(inner: ArtifactStore) {
    super(inner);
    if (inner.address) this.address = inner.address.bind(inner);
  }

  override async create(key: string, body: Body, options?: CallOptions): Promise<'created' | 'exists'> {
    const answer = await super.create(key, body, options);
    wrote(body);
    return answer;
  }

  override async replace(key: string, body: Body, options?: CallOptions): Promise<void> {
    await super.replace(key, body, options);
    wrote(body);
  }

  override async read(key: string, expected?: Ref, options?: CallOptions): Promise<Buffer> {
    const bytes = await super.read(key, expected, options);
    read(bytes.length);
    return bytes;
  }

  override async download(ref: Ref, file: string, options?: CallOptions): Promise<void> {
    await super.download(ref, file, options);
    read(ref.bytes);
  }

  override async check(ref: Ref, options?: CallOptions): Promise<void> {
    await super.check(ref, options);
    read(ref.bytes);
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
