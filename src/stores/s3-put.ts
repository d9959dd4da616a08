import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hashFile, sha256Hex } from './digest.js';
import { isGarbled, S3Silence } from './s3-answers.js';
import { drained, type S3Connection } from './s3-connection.js';
import { headerOf } from './s3-transport.js';
import type { Body, FileBody } from './store.js';
import { describe, notAsDeclared, type Place } from './verify.js';

/** What is written beside an object: its digest, and a mark by which its writer knows it again. */
export interface Marks extends Readonly<Record<string, string>> {
  readonly 'x-amz-meta-sha256': string;
  readonly 'x-amz-meta-nonce': string;
}

export function marksOf(nonce: string, body: Body): Marks {
  const sha256 = Buffer.isBuffer(body) ? sha256Hex(body) : body.sha256;
  return { 'x-amz-meta-sha256': sha256, 'x-amz-meta-nonce': nonce, 'content-type': 'application/octet-stream' };
}

/**
 * Writes an object in one request. The server checks the digest before it keeps anything.
 *
 * @throws {ArtifactCorruptError} when a file is no longer what was hashed.
 */
export async function putWhole(
  s3: S3Connection,
  place: Place,
  body: Body,
  headers: Marks,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sum = Buffer.from(headers['x-amz-meta-sha256'], 'hex').toString('base64');
  const call = {
    method: 'PUT' as const,
    key: place.key,
    headers: { ...headers, 'x-amz-checksum-sha256': sum },
    signal,
  };
  if (Buffer.isBuffer(body)) return accepted(s3, { ...call, body, bytes: body.length });
  const { size } = await stat(body.path);
  // Fewer bytes than announced would leave the server waiting for the rest.
  if (size !== body.bytes) throw notAsDeclared(place, `${size} bytes`, `${body.bytes} bytes`);
  const stream = createReadStream(body.path, { highWaterMark: 1024 * 1024 });
  try {
    await accepted(s3, { ...call, body: stream, bytes: body.bytes });
  } catch (error) {
    if (isGarbled(error)) await unchanged(place, body, signal);
    throw error;
  } finally {
    stream.destroy();
  }
}

async function accepted(s3: S3Connection, call: Parameters<S3Connection['send']>[0]): Promise<void> {
  const answer = await s3.send(call);
  await drained(answer);
  // Anything between here and the server may say 200; only a server that stored something names its ETag.
  if (headerOf(answer, 'etag') === undefined) throw new S3Silence('a write without an ETag');
}

async function unchanged(place: Place, body: FileBody, signal: AbortSignal | undefined): Promise<void> {
  const now = await hashFile(body.path, signal ? { signal } : {});
  if (now.sha256 === body.sha256) return;
  throw notAsDeclared(place, describe(now.sha256, now.bytes), describe(body.sha256, body.bytes));
}
