import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { SourceObject } from '../domain/data.js';
import { PerennialError, SourceRefusedError, SourceUnavailableError } from '../errors.js';
import { AddressGuard, AddressRefused } from './address-guard.js';
import { copyHashed } from './copy-hashed.js';
import { byId } from './data-object.js';
import { isFileError } from './file-error.js';
import { DIGEST_VERSION, httpBody, isDigestVersion, StartOver, type HttpBodyOptions } from './http-body.js';
import { httpCall, HttpRefused, type HttpLimits } from './http-call.js';
import { HttpChanged, HttpStatus, isTrouble, taken } from './http-status.js';
import { urlsById } from './http-urls.js';
import { httpFacts } from './http-version.js';
import type { FetchedObject, Source, SourceCallOptions, SourceListOptions } from './source.js';

export interface HttpSourceOptions {
  readonly urls: readonly string[];
  /** Sent to the origins of the URLs, and not to where those send us on to. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Most bytes of one file. Default: 10 GiB. */
  readonly maxBytes?: number;
  /** Longest time that one file may take, in milliseconds. Default: 30 minutes. */
  readonly timeoutMs?: number;
  /** Default: public addresses only. */
  readonly guard?: AddressGuard;
  readonly limits?: Partial<HttpLimits>;
}

/**
 * Files behind URLs, one object each; its version is the ETag, else the time of the last change with the length, else
 * the digest of the bytes. A file that is 410 (Gone) is gone; any other that cannot be had is an error.
 */
export class HttpSource implements Source {
  readonly name: string;
  readonly #urls: ReadonlyMap<string, URL>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #guard: AddressGuard;
  readonly #limits: HttpLimits;

  /** @throws {SourceRefusedError} for URLs that cannot be. */
  constructor({ urls, headers = {}, maxBytes, timeoutMs, guard, limits }: HttpSourceOptions) {
    this.#urls = urlsById(urls);
    this.#headers = headers;
    this.#maxBytes = maxBytes ?? 10 * 1024 ** 3;
    this.#timeoutMs = Math.min(timeoutMs ?? 1_800_000, LONGEST_TIMER_MS);
    this.#guard = guard ?? new AddressGuard();
    this.#limits = { idleMs: 30_000, ...limits };
    const [first = 'no URL'] = this.#urls.keys();
    this.name = `http ${first}${this.#urls.size > 1 ? ` and ${this.#urls.size - 1} more` : ''}`;
  }

  async list({ signal, known = [] }: SourceListOptions = {}): Promise<SourceObject[]> {
    signal?.throwIfAborted();
    const before = new Map(known.map((object) => [object.id, object]));
    const objects: SourceObject[] = [];
    // One after the other: hundreds of files of one server are no reason to send it hundreds of requests at once.
    for (const [id, url] of this.#urls) {
      const object = await this.#within(`look at "${id}"`, signal, (inTime) =>
        this.#look(id, url, before.get(id), inTime),
      );
      if (object) objects.push(object);
    }
    return objects.toSorted(byId);
  }

  async fetch(object: SourceObject, file: string, { signal }: SourceCallOptions = {}): Promise<FetchedObject> {
    const url = this.#urls.get(object.id);
    if (!url) {
      throw new SourceRefusedError(`Cannot fetch "${object.id}" from ${this.name}: it is none of its files`, {
        fix: 'Name its URL in `urls`.',
        details: { object: object.id },
      });
    }
    return await this.#within(`fetch "${object.id}"`, signal, async (inTime) => {
      const ask = (headers: Record<string, string>) => this.#ask('GET', url, inTime, headers);
      const copied = await this.#copy({ ask, object, signal: inTime }, file);
      if (isDigestVersion(object.version) && object.version !== DIGEST_VERSION + copied.sha256) {
        await rm(file, { force: true });
        throw new HttpChanged();
      }
      return copied;
    });
  }

  async #copy(options: HttpBodyOptions, file: string): Promise<FetchedObject> {
    for (let tries = 1; ; tries++) {
      try {
        return await copyHashed(Readable.from(httpBody(options)), file, options.signal);
      } catch (error) {
        if (!(error instanceof StartOver) || tries === 3) throw error instanceof StartOver ? error.cause : error;
      }
    }
  }

  /** What is behind a URL now; undefined when it is gone for good. */
  async #look(id: string, url: URL, known: SourceObject | undefined, signal: AbortSignal) {
    const head = await this.#ask('HEAD', url, signal);
    head.destroy();
    // Servers that do not know HEAD answer with all kinds of status, and with lengths of their own.
    const facts = head.statusCode === 200 ? httpFacts(head.headers) : {};
    if (facts.version && facts.bytes) return this.#object(id, facts.version, facts.bytes);

    const answer = await this.#ask('GET', url, signal);
    try {
      if (answer.statusCode === 410) return undefined;
      taken(answer, 200);
      const { version, bytes } = httpFacts(answer.headers);
      if (version && bytes !== undefined) return this.#object(id, version, bytes);
      // A length is all that is missing.
      if (version && known?.version === version) return known;
      const read = await this.#read(answer);
      return { id, version: version ?? DIGEST_VERSION + read.sha256, bytes: read.bytes };
    } finally {
      answer.destroy();
    }
  }

  #object(id: string, version: string, bytes: number): SourceObject {
    if (bytes > this.#maxBytes) throw new HttpRefused(tooLong(bytes, this.#maxBytes));
    return { id, version, bytes };
  }

  async #read(answer: IncomingMessage): Promise<{ sha256: string; bytes: number }> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes > this.#maxBytes) throw new HttpRefused(tooLong('more', this.#maxBytes));
    }
    return { sha256: hash.digest('hex'), bytes };
  }

  #ask(method: 'GET' | 'HEAD', url: URL, signal: AbortSignal, headers: Record<string, string> = {}) {
    const [guard, limits] = [this.#guard, this.#limits];
    return httpCall({ method, url, headers, ownHeaders: this.#headers, guard, limits, signal });
  }

  /** Gives the work its time, and its failures their types. */
  async #within<T>(action: string, signal: AbortSignal | undefined, work: (inTime: AbortSignal) => Promise<T>) {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    try {
      return await work(signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (limit.aborted) {
        throw this.#unavailable(action, `it took longer than ${this.#timeoutMs} ms`, error, TIMEOUT_FIX);
      }
      throw this.#typed(action, error);
    }
  }

  #typed(action: string, error: unknown): unknown {
    if (error instanceof PerennialError || isFileError(error)) return error;
    const reason = reasonOf(error);
    if (error instanceof AddressRefused) return this.#refused(action, reason, error, ALLOW_FIX);
    if (error instanceof HttpRefused || (error instanceof HttpStatus && !error.heals) || isTrouble(error)) {
      return this.#refused(action, reason, error, 'Check the URL, the headers and `maxBytes` of the source.');
    }
    return this.#unavailable(action, reason, error);
  }

  #refused(action: string, reason: string, cause: unknown, fix: string): SourceRefusedError {
    return new SourceRefusedError(`Cannot ${action} in ${this.name}: ${reason}`, { cause, fix });
  }

  #unavailable(action: string, reason: string, cause: unknown, fix?: string): SourceUnavailableError {
    return new SourceUnavailableError(`Cannot ${action} in ${this.name}: ${reason}`, { cause, ...(fix && { fix }) });
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  // Node's word for a body that ends before its end.
  return message === 'aborted' ? 'the connection broke off' : message || 'no answer';
}

/** A timer cannot be longer; that is 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const TIMEOUT_FIX = 'Raise `timeout` of the source if the file is large or the server slow.';
const ALLOW_FIX =
  'If the worker may connect there, name the host, the address or its range in the PERENNIAL_HTTP_ALLOW of the worker.';

function tooLong(bytes: number | 'more', most: number): string {
  return `it has ${bytes === 'more' ? 'more' : `${bytes} bytes, more`} than the ${most} bytes that \`maxBytes\` allows`;
}
