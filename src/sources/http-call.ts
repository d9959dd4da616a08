import http from 'node:http';
import https from 'node:https';
import type { AddressGuard } from './address-guard.js';

export interface HttpLimits {
  /** How long nothing may move, from opening the connection to the last byte, in milliseconds. Default 30 s. */
  readonly idleMs: number;
}

export interface HttpCall {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  /** For every server on the way. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the origin of `url` only: a server that it sends us to does not get them. */
  readonly ownHeaders?: Readonly<Record<string, string>>;
  readonly guard: AddressGuard;
  readonly limits: HttpLimits;
  readonly signal: AbortSignal;
}

/** The request itself, or where it was sent on to, must not be. */
export class HttpRefused extends Error {
  override readonly name = 'HttpRefused';
}

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Asks once, and follows redirects, each of which is looked at like the first URL. Whoever gets the answer reads or
 * destroys it; any status but a redirect is an answer.
 *
 * @throws {HttpRefused}; {@link AddressRefused}; a socket's error; the signal's reason.
 */
export async function httpCall(call: HttpCall): Promise<http.IncomingMessage> {
  let { url, ownHeaders = {} } = call;
  for (let hop = 0; ; hop++) {
    const answer = await ask(url, { ...call, headers: { ...call.headers, ...ownHeaders } });
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.statusCode ?? 0) || location === undefined) return answer;
    answer.destroy();
    if (hop === MOST_REDIRECTS) throw new HttpRefused(`it was sent on more than ${MOST_REDIRECTS} times`);
    const next = nextUrl(url, location);
    if (next.origin !== url.origin) ownHeaders = {};
    url = next;
  }
}

/** @throws {HttpRefused} for a place that a request from there must not be sent on to. */
export function nextUrl(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (!next) throw new HttpRefused('it was sent on to what is no URL');
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new HttpRefused(`it was sent on from https to http, to ${next.origin}`);
  }
  const problem = urlProblem(next);
  if (problem) throw new HttpRefused(`it was sent on to a URL ${problem}`);
  return next;
}

/** What speaks against asking for a URL, said without showing it: it may hold secrets. */
export function urlProblem({ protocol, username, password }: URL): string | undefined {
  if (protocol !== 'http:' && protocol !== 'https:') return `that begins with ${protocol}, want http: or https:`;
  if (username !== '' || password !== '') return 'with a user name in it';
  return undefined;
}

async function ask(url: URL, { method, headers, guard, limits, signal }: HttpCall): Promise<http.IncomingMessage> {
  signal.throwIfAborted();
  guard.check(url.hostname);
  return await new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      {
        method,
        // Bytes as they are stored: their length and their ranges mean something.
        headers: { 'accept-encoding': 'identity', 'user-agent': 'perennial', accept: '*/*', ...headers },
        // A connection that is used again would not be looked at again.
        agent: false,
        lookup: guard.lookup,
        signal,
      },
      resolve,
    );
    request
      .setTimeout(limits.idleMs, () => request.destroy(new Error(`nothing moved for ${limits.idleMs} ms`)))
      .on('error', (error) => reject(signal.aborted ? signal.reason : error))
      .end();
  });
}
