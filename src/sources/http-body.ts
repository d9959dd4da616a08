import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceObject } from '../domain/data.js';
import { AddressRefused } from './address-guard.js';
import { HttpRefused } from './http-call.js';
import { HttpChanged, HttpStatus, isTrouble, taken } from './http-status.js';
import { httpFacts } from './http-version.js';

export interface HttpBodyOptions {
  /** Asks for the object with these headers. */
  ask(headers: Record<string, string>): Promise<IncomingMessage>;
  readonly object: SourceObject;
  readonly signal: AbortSignal;
}

/** A download broke off, and what came may be the beginning of another version: nothing of it can be used. */
export class StartOver extends Error {
  override readonly name = 'StartOver';
}

/** Breaks without a byte in between, before it is given up; a server that gives some bytes each time goes on. */
const MOST_BREAKS = 4;
const PAUSE_MS = 200;

/**
 * The bytes of one version of an object. A download that breaks off goes on where it was, when the server says by a
 * strong validator that it is the same version still.
 *
 * @throws {StartOver} with the break as cause, when it cannot go on; {@link HttpChanged}
 */
export async function* httpBody({ ask, object, signal }: HttpBodyOptions): AsyncGenerator<Buffer> {
  let got = 0;
  let validator: string | undefined;
  for (let breaks = 0; ;) {
    let answer: IncomingMessage | undefined;
    const before = got;
    try {
      answer = await ask(validator && got > 0 ? { range: `bytes=${got}-`, 'if-range': validator } : {});
      const skip = startOf(answer, object, got);
      validator = httpFacts(answer.headers).validator ?? (answer.statusCode === 206 ? validator : undefined);
      let left = skip;
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        const piece = left > 0 ? chunk.subarray(left) : chunk;
        left -= chunk.length - piece.length;
        got += piece.length;
        if (got > object.bytes) throw new HttpChanged(`more than ${object.bytes} bytes came`);
        if (piece.length > 0) yield piece;
      }
      if (got === object.bytes) return;
      throw new Error(`${got} bytes came, ${object.bytes} were listed`);
    } catch (error) {
      signal.throwIfAborted();
      // It broke off after the last byte: there is no more to ask for.
      if (got === object.bytes && got > before && !isFinal(error)) return;
      breaks = got > before ? 1 : breaks + 1;
      if (isFinal(error) || breaks >= MOST_BREAKS || (before === 0 && got === 0)) throw error;
      if (validator === undefined) throw new StartOver('the download broke off', { cause: error });
      await sleep(PAUSE_MS * breaks, undefined, { signal });
    } finally {
      answer?.destroy();
    }
  }
}

/**
 * Checks that an answer holds the version that is wanted, from the byte that is wanted.
 *
 * @returns how many bytes at its beginning are known already: all of them when the server does not know ranges
 */
function startOf(answer: IncomingMessage, object: SourceObject, got: number): number {
  if (answer.statusCode === 404 || answer.statusCode === 410) {
    throw new HttpChanged('it was removed');
  }
  taken(answer, 200, ...(got > 0 ? [206] : []));
  return answer.statusCode === 206 ? checkPart(answer, object, got) : checkWhole(answer, object, got);
}

function checkPart({ headers }: IncomingMessage, { version, bytes }: SourceObject, got: number): 0 {
  const wanted = `bytes ${got}-${bytes - 1}/${bytes}`;
  const range = headers['content-range'];
  if (range !== wanted) throw new HttpChanged(`the server gave "${range ?? 'no range'}" for "${wanted}"`);
  // A server that keeps If-Range need not repeat the time of the last change, but must repeat the ETag (RFC 9110, 15.3.7).
  const found = httpFacts(headers, bytes).version ?? (version.startsWith('"') ? 'no ETag' : undefined);
  if (!isDigestVersion(version) && found !== undefined && found !== version) throw new HttpChanged();
  return 0;
}

function checkWhole({ headers }: IncomingMessage, { version, bytes }: SourceObject, got: number): number {
  const found = httpFacts(headers);
  if (!isDigestVersion(version) && found.version !== version) throw new HttpChanged();
  if (found.bytes !== undefined && found.bytes !== bytes) {
    throw new HttpChanged(`${found.bytes} bytes now, ${bytes} then`);
  }
  return got;
}

/** It shows only at the end whether the bytes are those of such a version. */
export function isDigestVersion(version: string): boolean {
  return version.startsWith(DIGEST_VERSION);
}

export const DIGEST_VERSION = 'sha256-';

function isFinal(error: unknown): boolean {
  return (
    error instanceof HttpChanged ||
    error instanceof HttpRefused ||
    error instanceof AddressRefused ||
    (error instanceof HttpStatus && !error.heals) ||
    isTrouble(error)
  );
}
