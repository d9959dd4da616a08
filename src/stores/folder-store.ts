import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Ref } from '../domain/artifact.js';
import { sha256Hex } from './digest.js';
import { codeOf, explained, isAbsent } from './folder-errors.js';
import { listFolder } from './folder-listing.js';
import { FolderRecords } from './folder-records.js';
import { inFolder, removeEmptyFolders, syncFolder } from './folders.js';
import { checkedKey, checkedPrefix } from './key.js';
import { probeStore } from './probe.js';
import type { ArtifactStore, Body, CallOptions, ListedObject } from './store.js';
import {
  checkPieces,
  corrupt,
  describe,
  LARGEST_READ,
  missing,
  notAsDeclared,
  tooLarge,
  Verifier,
  verified,
} from './verify.js';
import { writeVerified } from './verified-file.js';

const PIECE = 1024 * 1024;

/**
 * Keeps objects as plain files of a local folder: for tests, and for people who try Perennial without MinIO. Safe for
 * any number of processes on one machine; not for a folder shared over a network, where `link` may not be atomic.
 *
 * An object appears by a hard link to a finished and synced temporary file, so it is there whole or not at all, and one
 * of any number of creators wins. `.records` and `.temporary` are the store's own; no key can name them.
 */
export class FolderStore implements ArtifactStore {
  readonly name: string;
  readonly #folder: string;
  readonly #temporary: string;
  readonly #records: FolderRecords;

  /** @param folder made when something is first written. */
  constructor(folder: string) {
    this.#folder = resolve(folder);
    this.#temporary = join(this.#folder, '.temporary');
    this.#records = new FolderRecords(join(this.#folder, '.records'));
    this.name = `folder ${this.#folder}`;
  }

  async create(key: string, body: Body, options: CallOptions = {}): Promise<'created' | 'exists'> {
    const path = this.#path(key);
    return this.#call('create', key, options, async () => {
      if ((await sizeOf(path)) !== undefined) return 'exists';
      try {
        await this.#publish(key, body, options, (temporary) => link(temporary, path));
        return 'created';
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return 'exists';
        throw error;
      }
    });
  }

  async replace(key: string, body: Body, options: CallOptions = {}): Promise<void> {
    const path = this.#path(key);
    await this.#call('write', key, options, async () => {
      const sha256 = await this.#publish(key, body, options, (temporary) => rename(temporary, path));
      await this.#records.forgetFormer(key, sha256);
    });
  }

  async read(key: string, expected?: Ref, options: CallOptions = {}): Promise<Buffer> {
    const path = this.#path(key);
    const place = { store: this.name, key };
    return this.#call('read', key, options, async () => {
      const size = await sizeOf(path);
      if (size === undefined) throw missing(place);
      if (size > LARGEST_READ) throw tooLarge(place, size);
      const bytes = await readFile(path, options.signal ? { signal: options.signal } : {});
      return expected ? verified(place, bytes, expected) : this.#recorded(key, path, bytes);
    });
  }

  async download(ref: Ref, file: string, options: CallOptions = {}): Promise<void> {
    const path = this.#path(ref.key);
    await this.#call('download', ref.key, options, async () => {
      const size = await sizeOf(path);
      if (size === undefined) throw missing({ store: this.name, key: ref.key });
      await writeVerified(pieces(path, options.signal), file, ref, this.name);
    });
  }

  async check(ref: Ref, options: CallOptions = {}): Promise<void> {
    const path = this.#path(ref.key);
    const place = { store: this.name, key: ref.key };
    await this.#call('check', ref.key, options, async () => {
      if ((await sizeOf(path)) === undefined) throw missing(place);
      await checkPieces(place, pieces(path, options.signal), ref);
    });
  }

  async stat(key: string, options: CallOptions = {}): Promise<{ bytes: number } | undefined> {
    const path = this.#path(key);
    return this.#call('look for', key, options, async () => {
      const bytes = await sizeOf(path);
      return bytes === undefined ? undefined : { bytes };
    });
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncIterable<ListedObject> {
    checkedPrefix(prefix);
    try {
      options.signal?.throwIfAborted();
      yield* listFolder(this.#folder, prefix, options.signal);
    } catch (error) {
      throw explained(error, `Cannot list "${prefix}" of ${this.name}`, options.signal);
    }
  }

  async remove(key: string, options: CallOptions = {}): Promise<void> {
    const path = this.#path(key);
    await this.#call('remove', key, options, async () => {
      try {
        await rm(path);
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
      await this.#records.forget(key);
      await removeEmptyFolders(this.#folder, dirname(key));
    });
  }

  /** A path of this machine, which never expires: who may use the folder may use it. */
  async address(key: string, to: 'read' | 'write'): Promise<string> {
    const path = this.#path(key);
    if (to === 'write') await mkdir(dirname(path), { recursive: true });
    return pathToFileURL(path).href;
  }

  async probe(options: CallOptions = {}): Promise<void> {
    await probeStore(this, options);
  }

  async close(): Promise<void> {
    // Nothing is held open between calls.
  }

  #path(key: string): string {
    return join(this.#folder, checkedKey(key));
  }

  async #publish(
    key: string,
    body: Body,
    options: CallOptions,
    commit: (temporary: string) => Promise<void>,
  ): Promise<string> {
    const temporary = join(this.#temporary, randomUUID());
    try {
      const sha256 = await this.#write(key, body, temporary, options);
      const record = await this.#records.announce(key, sha256);
      try {
        options.signal?.throwIfAborted();
        await inFolder(dirname(this.#path(key)), () => commit(temporary));
      } catch (error) {
        await record.withdraw();
        throw error;
      }
      await record.keep();
      await syncFolder(dirname(this.#path(key)));
      return sha256;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Writes and syncs a temporary file; checks on the way that a file body is still what was hashed. */
  async #write(key: string, body: Body, temporary: string, options: CallOptions): Promise<string> {
    await mkdir(this.#temporary, { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      if (Buffer.isBuffer(body)) {
        await handle.writeFile(body);
        await handle.sync();
        return sha256Hex(body);
      }
      const verifier = new Verifier();
      for await (const piece of pieces(body.path, options.signal)) {
        verifier.update(piece);
        await handle.writeFile(piece);
      }
      const found = verifier.mismatch(body);
      if (found) throw notAsDeclared({ store: this.name, key }, found, describe(body.sha256, body.bytes));
      await handle.sync();
      return body.sha256;
    } finally {
      await handle.close();
    }
  }

  /** The bytes, when some writer recorded their digest; read again if they were replaced in between. */
  async #recorded(key: string, path: string, bytes: Buffer): Promise<Buffer> {
    let [current, sha256] = [bytes, sha256Hex(bytes)];
    while (!(await this.#records.has(key, sha256))) {
      const again = await readFile(path);
      const digest = sha256Hex(again);
      if (digest === sha256) {
        throw corrupt({ store: this.name, key }, describe(sha256, current.length), 'a digest that its writer recorded');
      }
      [current, sha256] = [again, digest];
    }
    return current;
  }

  async #call<T>(verb: string, key: string, options: CallOptions, call: () => Promise<T>): Promise<T> {
    try {
      options.signal?.throwIfAborted();
      return await call();
    } catch (error) {
      throw explained(error, `Cannot ${verb} object "${key}" of ${this.name}`, options.signal);
    }
  }
}

async function* pieces(path: string, signal: AbortSignal | undefined): AsyncIterable<Buffer> {
  const stream = createReadStream(path, { highWaterMark: PIECE });
  for await (const piece of stream as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    yield piece;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
