import { constants, type BigIntStats } from 'node:fs';
import { open, opendir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { SourceObject } from '../domain/data.js';
import { SourceRefusedError, SourceUnavailableError } from '../errors.js';
import { copyHashed } from './copy-hashed.js';
import { byId, isDataObject } from './data-object.js';
import type { Source, SourceCallOptions } from './source.js';

/**
 * A file, or a folder with everything below it. Files whose name begins with `.` or `_` are skipped. Links are followed
 * inside the folder and refused when they lead out of it. Write a file under another name and rename it: a file is taken
 * as it is when it is listed.
 */
export class FileSource implements Source {
  readonly name: string;
  readonly #path: string;

  /** @param path absolute */
  constructor(path: string) {
    this.#path = path;
    this.name = `file ${path}`;
  }

  async list({ signal }: SourceCallOptions = {}): Promise<SourceObject[]> {
    const root = await this.#root();
    const facts = await stat(root, { bigint: true });
    if (facts.isFile()) return [objectOf(basename(this.#path), facts)];
    const objects: SourceObject[] = [];
    await this.#walk(root, '', objects, new Set([root]), signal);
    return objects.toSorted(byId);
  }

  async fetch(
    object: SourceObject,
    file: string,
    { signal }: SourceCallOptions = {},
  ): Promise<{ sha256: string; bytes: number }> {
    signal?.throwIfAborted();
    const root = await this.#root();
    const isFile = (await stat(root)).isFile();
    if (isFile ? object.id !== basename(this.#path) : !isDataObject(object.id)) throw this.#refuseObject(object.id);
    const path = await this.#inside(root, isFile ? '' : object.id);
    // The link was resolved above; a link that is put in its place meanwhile is not followed.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      throw this.#failed(`open "${object.id}"`, error);
    });
    try {
      this.#check(object, await handle.stat({ bigint: true }));
      const copied = await copyHashed(handle.createReadStream({ autoClose: false }), file, signal);
      this.#check(object, await handle.stat({ bigint: true }));
      return copied;
    } finally {
      await handle.close();
    }
  }

  async #root(): Promise<string> {
    return await realpath(this.#path).catch((error: unknown) => {
      throw this.#failed('open it', error);
    });
  }

  async #walk(
    root: string,
    folder: string,
    objects: SourceObject[],
    above: ReadonlySet<string>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const entries = await opendir(join(root, folder)).catch((error: unknown) => {
      throw this.#failed(`list "${folder}"`, error);
    });
    for await (const entry of entries) {
      signal?.throwIfAborted();
      const id = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!isDataObject(id)) continue;
      const path = await this.#inside(root, id);
      const facts = await stat(path, { bigint: true });
      if (facts.isFile()) objects.push(objectOf(id, facts));
      // A link to a folder above would be walked for ever.
      else if (facts.isDirectory() && !above.has(path)) {
        await this.#walk(root, id, objects, new Set([...above, path]), signal);
      }
    }
  }

  /** The real path of an object, which must be below the root. */
  async #inside(root: string, id: string): Promise<string> {
    const path = await realpath(join(root, id)).catch((error: unknown) => {
      throw this.#failed(`open "${id}"`, error);
    });
    const way = relative(root, path);
    if (way === '..' || way.startsWith(`..${sep}`)) throw this.#refuseObject(id);
    return path;
  }

  #check(object: SourceObject, facts: BigIntStats): void {
    const now = objectOf(object.id, facts);
    if (now.version === object.version && now.bytes === object.bytes) return;
    throw new SourceUnavailableError(
      `Cannot fetch "${object.id}" from ${this.name}: it changed since it was listed (${object.bytes} bytes then, ${now.bytes} now)`,
      { fix: 'It is listed again on the next try.', details: { object: object.id } },
    );
  }

  #refuseObject(id: string): SourceRefusedError {
    return new SourceRefusedError(`Cannot read "${id}" in ${this.name}: it leads out of the folder`, {
      fix: 'Put the file itself into the folder, or name its folder as the source.',
      details: { object: id },
    });
  }

  #failed(action: string, error: unknown): Error {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const facts = { cause: error, details: { code } };
    const message = `Cannot ${action} in ${this.name}: ${REASONS[code] ?? code}`;
    if (code in REASONS && !(code === 'ENOENT' && action !== 'open it')) {
      return new SourceRefusedError(message, { ...facts, fix: 'Check the path, and what the worker may read.' });
    }
    return new SourceUnavailableError(message, facts);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is a file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  ELOOP: 'its links go in a circle',
};

function objectOf(id: string, facts: BigIntStats): SourceObject {
  // Nanoseconds: two writes within a millisecond are two versions.
  return { id, version: `${facts.size}-${facts.mtimeNs}`, bytes: Number(facts.size) };
}
