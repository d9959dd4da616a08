import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Ref } from '../domain/artifact.js';
import { StoreRefusedError, StoreUnavailableError } from '../errors.js';
import { putBlob } from './blobs.js';
import { sha256Hex } from './digest.js';
import { isAbsent } from './folder-errors.js';
import { PreparedFile } from './prepared-file.js';
import type { ArtifactStore, CallOptions } from './store.js';

const READ_TIMEOUT_MS = 30_000;

/**
 * What a job that is done elsewhere takes from the store and leaves there, without credentials of its own. What it leaves
 * comes under keys below `staging/`, is taken only with the digest that the far side told, and removed.
 */
export class StoreTransfers {
  readonly #store: ArtifactStore;

  constructor(store: ArtifactStore) {
    this.#store = store;
  }

  /** Keeps a local file as a blob. */
  keep(file: string, options?: CallOptions): Promise<Ref> {
    return putBlob(this.#store, { path: file }, options);
  }

  /** The blob of this digest. */
  async find(key: string, sha256: string, options?: CallOptions): Promise<Ref | undefined> {
    const found = await this.#store.stat(key, options);
    return found && { key, sha256, bytes: found.bytes };
  }

  /** Puts bytes, or a local file, at a key of `staging/`. */
  async put(key: string, what: Buffer | string, options?: CallOptions): Promise<Ref> {
    const body = typeof what === 'string' ? await PreparedFile.read(what, options) : what;
    await this.#store.replace(key, body, options);
    if (Buffer.isBuffer(body)) return { key, sha256: sha256Hex(body), bytes: body.length };
    return { key, sha256: body.sha256, bytes: body.bytes };
  }

  /** @throws {StoreRefusedError} when the store has no addresses for others */
  async address(key: string, to: 'read' | 'write', validMs: number): Promise<string> {
    if (this.#store.address) return await this.#store.address(key, to, validMs);
    throw new StoreRefusedError(`Cannot train elsewhere: ${this.#store.name} cannot give addresses to other machines`, {
      fix: 'Use MinIO or another S3 server, or a store whose `address` is implemented.',
    });
  }

  /** Downloads what the far side left, checked by the digest that it told. */
  take(ref: Ref, file: string, options?: CallOptions): Promise<void> {
    return this.#store.download(ref, file, options);
  }

  /** The bytes of an object from an offset on, as they are; undefined when there is no object. */
  async readFrom(key: string, offset: number, options: CallOptions = {}): Promise<Buffer | undefined> {
    const address = await this.address(key, 'read', 600_000);
    if (address.startsWith('file:')) return await fileFrom(fileURLToPath(address), offset);
    const signals = [AbortSignal.timeout(READ_TIMEOUT_MS), ...(options.signal ? [options.signal] : [])];
    try {
      const answer = await fetch(address, { headers: { range: `bytes=${offset}-` }, signal: AbortSignal.any(signals) });
      const body = Buffer.from(await answer.arrayBuffer());
      if (answer.status === 404) return undefined;
      if (answer.status === 416) return Buffer.alloc(0);
      if (answer.ok) return answer.status === 206 ? body : body.subarray(offset);
      throw unread(this.#store.name, key, `it answered with status ${answer.status}`);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof StoreUnavailableError) throw error;
      throw unread(this.#store.name, key, error instanceof Error ? error.message : String(error), error);
    }
  }

  /** Removes all objects below a prefix. */
  async remove(prefix: string, options?: CallOptions): Promise<void> {
    for await (const { key } of this.#store.list(prefix, options)) await this.#store.remove(key, options);
  }
}

async function fileFrom(file: string, offset: number): Promise<Buffer | undefined> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function unread(store: string, key: string, why: string, cause?: unknown): StoreUnavailableError {
  const message = `Cannot read object "${key}" of ${store}: ${why}`;
  return new StoreUnavailableError(message, { fix: 'Check that the server runs and can be reached from here.', cause });
}
