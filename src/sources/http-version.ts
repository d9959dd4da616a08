import type { IncomingHttpHeaders } from 'node:http';

/** What the headers of an answer say about the bytes behind it. */
export interface HttpFacts {
  /** The ETag, else the time of the last change with the length; undefined when the bytes alone can tell. */
  readonly version?: string;
  readonly bytes?: number;
  /** What `If-Range` may name: only what is sure to change with every byte. */
  readonly validator?: string;
}

/**
 * Reads the facts from an answer's headers.
 *
 * @param whole length of the whole where the answer is a part of it
 */
export function httpFacts(headers: IncomingHttpHeaders, whole?: number): HttpFacts {
  const length = headers['content-length'];
  const bytes = whole ?? (length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined);
  const tag = headers.etag?.trim();
  const changed = Date.parse(headers['last-modified'] ?? '');
  const version =
    tag || (bytes === undefined || Number.isNaN(changed) ? undefined : `${new Date(changed).toISOString()}-${bytes}`);
  const validator = tag ? strongTag(tag) : strongDate(headers);
  return {
    ...(version && { version }),
    ...(bytes !== undefined && { bytes }),
    ...(validator !== undefined && { validator }),
  };
}

/** A weak tag (`W/"1"`) stays the same when the bytes change without a change of meaning. */
function strongTag(tag: string): string | undefined {
  return tag.startsWith('"') ? tag : undefined;
}

/** Within the second of the last change there may have been another one. A minute leaves room for two clocks (RFC 9110, 8.8.2.2). */
function strongDate({ date, 'last-modified': changed }: IncomingHttpHeaders): string | undefined {
  return Date.parse(date ?? '') - Date.parse(changed ?? '') >= 60_000 ? changed : undefined;
}
