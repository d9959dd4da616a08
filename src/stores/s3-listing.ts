import { S3Silence } from './s3-answers.js';
import { drained, type S3Connection } from './s3-connection.js';
import { blocksOf, textOf } from './s3-xml.js';
import type { ListedObject } from './store.js';

/** One page of a listing, and where the next begins. */
export interface ListingPage {
  readonly objects: readonly ListedObject[];
  readonly next: string | undefined;
}

const LONGEST_PAGE = 16 * 1024 * 1024;

/** Reads one page of at most a thousand objects, in key order. */
export async function listPage(
  s3: S3Connection,
  prefix: string,
  token: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ListingPage> {
  const query = ['list-type=2', 'max-keys=1000', `prefix=${encoded(prefix)}`];
  if (token !== undefined) query.push(`continuation-token=${encoded(token)}`);
  const xml = (
    await drained(await s3.send({ method: 'GET', query: query.join('&'), signal }), LONGEST_PAGE)
  ).toString();
  // A page cut short, or a proxy's own page with status 200, must not pass for the end of the listing.
  if (!xml.includes('</ListBucketResult>')) throw new S3Silence('a listing without an end');
  const objects = blocksOf(xml, 'Contents').map(objectOf);
  const count = textOf(xml, 'KeyCount');
  if (count !== undefined && Number(count) !== objects.length) throw new S3Silence('a listing with holes');
  const next = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : undefined;
  return { objects, next };
}

function objectOf(xml: string): ListedObject {
  const [key, size, modified] = [textOf(xml, 'Key'), textOf(xml, 'Size'), textOf(xml, 'LastModified')];
  if (key === undefined || size === undefined || modified === undefined) throw new S3Silence('a listing with holes');
  return { key, bytes: Number(size), modified: new Date(modified) };
}

/** `encodeURIComponent` leaves five characters that the signature wants encoded. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
