import type { Ref } from '../domain/artifact.js';
import type { ArtifactStore, Body, CallOptions, ListedObject } from './store.js';

/** Passes every call on to another store: what a store that adds something to another one begins with. */
export class ForwardingStore implements ArtifactStore {
  protected readonly inner: ArtifactStore;

  constructor(inner: ArtifactStore) {
    this.inner = inner;
  }

  get name(): string {
    return this.inner.name;
  }

  create(key: string, body: Body, options?: CallOptions): Promise<'created' | 'exists'> {
    return this.inner.create(key, body, options);
  }

  replace(key: string, body: Body, options?: CallOptions): Promise<void> {
    return this.inner.replace(key, body, options);
  }

  read(key: string, expected?: Ref, options?: CallOptions): Promise<Buffer> {
    return this.inner.read(key, expected, options);
  }

  download(ref: Ref, file: string, options?: CallOptions): Promise<void> {
    return this.inner.download(ref, file, options);
  }

  check(ref: Ref, options?: CallOptions): Promise<void> {
    return this.inner.check(ref, options);
  }

  stat(key: string, options?: CallOptions): Promise<{ bytes: number } | undefined> {
    return this.inner.stat(key, options);
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<ListedObject> {
    return this.inner.list(prefix, options);
  }

  remove(key: string, options?: CallOptions): Promise<void> {
    return this.inner.remove(key, options);
  }

  probe(options?: CallOptions): Promise<void> {
    return this.inner.probe(options);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
