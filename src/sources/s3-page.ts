import type { SourceObject } from '../domain/data.js';

export interface S3Page {
  readonly objects: readonly SourceObject[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

/** The query for one page of a listing. */
export function pageQuery(prefix: string, token: string | undefined): string {
  const query = ['list-type=2', 'max-keys=1000', `prefix=${encoded(prefix)}`];
  if (token !== undefined) query.push(`continuation-token=${encoded(token)}`);
  return query.toSorted().join('&');
}

/**
 * Reads a page of a listing. By hand, because the client's parser makes numbers of keys that look like one: `007`
 * becomes 7.
 *
 * @returns undefined for what is no whole listing: a page cut short, a proxy's own page
 */
export function parsePage(xml: string): S3Page | undefined {
  if (!xml.includes('</ListBucketResult>')) return undefined;
  const objects: SourceObject[] = [];
  for (const [, entry = ''] of xml.matchAll(/<Contents>([^]*?)<\/Contents>/g)) {
    const [id, size, tag] = [textOf(entry, 'Key'), textOf(entry, 'Size'), textOf(entry, 'ETag')];
    if (id === undefined || size === undefined || tag === undefined) return undefined;
    objects.push({ id, version: tag, bytes: Number(size) });
  }
  const next = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : undefined;
  // More is said to come, and not where: what is listed here would be taken for all there is.
  if (next === undefined && textOf(xml, 'IsTruncated') === 'true') return undefined;
  return { objects, next };
}

function textOf(xml: string, element: string): string | undefined {
  const start = xml.indexOf(`<${element}>`);
  const end = xml.indexOf(`</${element}>`, start);
  return start < 0 || end < 0 ? undefined : unescaped(xml.slice(start + element.length + 2, end));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return ENTITIES[name] ?? whole;
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** `encodeURIComponent` leaves five characters that the signature wants encoded. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
