import { createHash } from 'node:crypto';
import { SourceRefusedError } from '../errors.js';
import { urlProblem } from './http-call.js';

/**
 * The URLs of a source by the ids of their objects. An id is the URL without its query, which may hold a secret and may
 * be another one every day. Where URLs differ in nothing but the query, the first digits of its digest come first:
 * `query 1a2b3c4d of https://example.com/export.csv`.
 *
 * @throws {SourceRefusedError} for what is no URL of the public kind, and for one that stands there twice.
 */
export function urlsById(texts: readonly string[]): ReadonlyMap<string, URL> {
  const urls = texts.map(parsed);
  const bare = urls.map((url) => `${url.origin}${url.pathname}`);
  const shared = new Set(bare.filter((id, index) => bare.indexOf(id) !== index));
  const byId = new Map<string, URL>();
  for (const [index, url] of urls.entries()) {
    const place = bare[index] ?? '';
    const digest = createHash('sha256').update(url.search).digest('hex').slice(0, 8);
    const id = shared.has(place) ? `query ${digest} of ${place}` : place;
    if (byId.has(id)) {
      throw new SourceRefusedError(`Cannot open an http source: "${place}" is named twice`, {
        fix: 'Remove one of the two from `urls`.',
      });
    }
    byId.set(id, url);
  }
  return byId;
}

function parsed(text: string, index: number): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem = url ? urlProblem(url) : 'that cannot be read';
  if (url && !problem) return url;
  throw new SourceRefusedError(`Cannot open an http source: number ${index + 1} of its urls is one ${problem}`, {
    fix: 'Write http:// or https://, a host and a path; put credentials into `headers`.',
  });
}
