import { rm } from 'node:fs/promises';
import type { SourceObject } from '../domain/data.js';
import { PerennialError, SourceRefusedError, SourceUnavailableError } from '../errors.js';
import { copyHashed } from './copy-hashed.js';
import { byId, isDataObject } from './data-object.js';
import { isFileError } from './file-error.js';
import { S3Refused, s3Get, type S3Address, type S3Limits } from './s3-call.js';
import { pageQuery, parsePage } from './s3-page.js';
import type { Source, SourceCallOptions } from './source.js';

export interface S3SourceOptions {
  readonly bucket: string;
  /** Only objects whose keys start with this. Default: all. */
  readonly prefix?: string;
  readonly address: S3Address;
  readonly limits?: Partial<S3Limits>;
}

/**
 * The objects of a bucket below a prefix; their versions are their ETags. Keys of which a segment after the prefix
 * begins with `.` or `_` are skipped, and markers of folders.
 */
export class S3Source implements Source {
  readonly name: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #address: S3Address;
  readonly #limits: S3Limits;

  constructor({ bucket, prefix = '', address, limits }: S3SourceOptions) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#address = address;
    this.#limits = { idleMs: 30_000, ...limits };
    this.name = `s3 bucket ${bucket}${prefix && `, prefix ${prefix}`}`;
  }

  async list({ signal }: SourceCallOptions = {}): Promise<SourceObject[]> {
    const objects: SourceObject[] = [];
    let token: string | undefined;
    do {
      const page = await this.#page(token, signal);
      objects.push(...page.objects.filter(({ id }) => isDataObject(id.slice(this.#prefix.length).replace(/^\/+/, ''))));
      token = page.next;
    } while (token !== undefined);
    return objects.toSorted(byId);
  }

  async fetch(
    object: SourceObject,
    file: string,
    { signal }: SourceCallOptions = {},
  ): Promise<{ sha256: string; bytes: number }> {
    const action = `fetch "${object.id}"`;
    try {
      const answer = await s3Get(this.#address, this.#limits, {
        bucket: this.#bucket,
        key: object.id,
        // Another version is refused by the server, so the body is of one version from the first byte to the last.
        headers: { 'if-match': object.version },
        signal,
      });
      const copied = await copyHashed(answer, file, signal);
      if (copied.bytes === object.bytes) return copied;
      await rm(file, { force: true });
      throw this.#unavailable(action, `${copied.bytes} bytes came, ${object.bytes} were listed`);
    } catch (error) {
      throw this.#typed(action, error, signal);
    }
  }

  async #page(token: string | undefined, signal: AbortSignal | undefined) {
    try {
      const query = pageQuery(this.#prefix, token);
      const answer = await s3Get(this.#address, this.#limits, { bucket: this.#bucket, query, signal });
      const chunks: Buffer[] = [];
      for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
      const page = parsePage(Buffer.concat(chunks).toString('utf8'));
      if (!page) throw this.#unavailable('list it', 'the answer is no whole listing');
      return page;
    } catch (error) {
      throw this.#typed('list it', error, signal);
    }
  }

  #typed(action: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (error instanceof PerennialError) return error;
    if (!(error instanceof S3Refused)) {
      // The message of a file that cannot be written says all; what is left are failures of the network.
      if (isFileError(error)) return error;
      return this.#unavailable(
        action,
        error instanceof Error && error.message !== '' ? error.message : 'no answer',
        error,
      );
    }
    if (error.status === 412) return this.#unavailable(action, 'it changed since it was listed', error);
    if (error.code === 'NoSuchKey') return this.#unavailable(action, 'it was removed since it was listed', error);
    if (error.status >= 500 || error.status === 408 || error.status === 429) {
      return this.#unavailable(action, error.message, error);
    }
    const reason = error.code === 'NoSuchBucket' ? 'there is no such bucket' : error.message;
    return new SourceRefusedError(`Cannot ${action} in ${this.name} at ${this.#address.endpoint}: ${reason}`, {
      fix: 'Check the bucket, PERENNIAL_S3_ENDPOINT, PERENNIAL_S3_ACCESS_KEY and PERENNIAL_S3_SECRET_KEY, and what they may read.',
      details: { status: error.status, code: error.code },
      cause: error,
    });
  }

  #unavailable(action: string, reason: string, cause?: unknown): SourceUnavailableError {
    return new SourceUnavailableError(
      `Cannot ${action} in ${this.name} at ${this.#address.endpoint}: ${reason}`,
      cause === undefined ? {} : { cause },
    );
  }
}
