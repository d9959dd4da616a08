import { crc32 } from 'node:zlib';
import { PartReader, type FilePart } from './part-reader.js';
import { canHeal, isGarbled, S3Refusal, S3Silence } from './s3-answers.js';
import { drained, type S3Connection } from './s3-connection.js';
import { headerOf } from './s3-transport.js';
import { textOf } from './s3-xml.js';
import { retrying, type RetryPolicy } from './retry.js';
import type { FileBody } from './store.js';
import { describe, notAsDeclared, type Place } from './verify.js';

export interface UploadPlan {
  readonly place: Place;
  readonly file: FileBody;
  /** Goes with the object: the writer's mark and the digest. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether an object that is there stays, or is replaced. */
  readonly onlyIfFree: boolean;
  readonly partBytes: number;
  /** Parts in flight; each holds one part in memory. */
  readonly lanes: number;
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal | undefined;
}

const GIVE_UP_MS = 10_000;
const GIVE_UP_ROUNDS = 3;

/**
 * Sends a file as a multipart upload of its own: the id is new for every call, so no two attempts ever share an upload,
 * and it is given up at the end unless it became an object. `commit` is handed the one step that makes it one.
 */
export async function uploadInParts(
  s3: S3Connection,
  plan: UploadPlan,
  commit: (complete: () => Promise<void>) => Promise<'created' | 'exists'>,
): Promise<'created' | 'exists'> {
  const id = await retrying(plan.policy, plan.signal, canHeal, () => begin(s3, plan));
  let outcome: 'created' | 'exists' | undefined;
  try {
    const parts = await sendParts(s3, plan, id);
    outcome = await commit(() => complete(s3, plan, id, parts));
    return outcome;
  } finally {
    if (outcome !== 'created') await giveUp(s3, plan, id);
  }
}

async function begin(s3: S3Connection, { place, headers, signal }: UploadPlan): Promise<string> {
  const answer = await s3.send({
    method: 'POST',
    key: place.key,
    query: 'uploads',
    headers: { ...headers, 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' },
    signal,
  });
  const id = textOf((await drained(answer)).toString(), 'UploadId');
  if (id === undefined) throw new S3Silence('an upload without an id');
  return encodeURIComponent(id);
}

interface SentPart {
  readonly etag: string;
  readonly crc: string;
}

interface SentParts {
  readonly parts: readonly SentPart[];
  /** CRC of the whole object. */
  readonly crc: string;
}

/** Sends the parts, a few at a time. The wire is checked by CRCs, which cost next to nothing beside a second SHA-256. */
async function sendParts(s3: S3Connection, plan: UploadPlan, id: string): Promise<SentParts> {
  const { file, place } = plan;
  // When one part fails, the others are not begun and not tried again; but what is under way is let come to its end: a
  // part that arrives while the server clears an upload away can bring half of it back.
  const stop = new AbortController();
  const going = plan.signal ? AbortSignal.any([plan.signal, stop.signal]) : stop.signal;
  const reader = await PartReader.open(file, plan.partBytes);
  const sent: SentPart[] = [];
  const lane = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafe(Math.min(reader.partBytes, file.bytes));
    for (let part = await reader.next(buffer); part; part = await reader.next(buffer)) {
      const { number } = part;
      const now = part;
      sent[number - 1] = await retrying(plan.policy, going, canHeal, () => sendPart(s3, plan, id, now));
    }
  };
  const lanes = Array.from({ length: plan.lanes }, () =>
    lane().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  try {
    await Promise.all(lanes);
  } finally {
    await Promise.allSettled(lanes);
    await reader.close();
  }
  const found = reader.mismatch();
  if (found) throw notAsDeclared(place, found, describe(file.sha256, file.bytes));
  return { parts: sent, crc: encodedCrc(reader.crc) };
}

async function sendPart(
  s3: S3Connection,
  { place, file, signal }: UploadPlan,
  id: string,
  part: FilePart,
): Promise<SentPart> {
  const crc = encodedCrc(part.crc);
  const call = { method: 'PUT' as const, key: place.key, query: `partNumber=${part.number}&uploadId=${id}`, signal };
  const headers = { 'x-amz-checksum-crc32': crc };
  try {
    const answer = await s3.send({ ...call, headers, body: part.bytes, bytes: part.bytes.length });
    await drained(answer);
    const etag = headerOf(answer, 'etag');
    if (etag === undefined) throw new S3Silence('a part without an ETag');
    return { etag, crc };
  } catch (error) {
    if (isGarbled(error) && crc32(part.bytes) !== part.crc) {
      throw notAsDeclared(place, `another part ${part.number} than was hashed`, describe(file.sha256, file.bytes));
    }
    throw error;
  }
}

async function complete(s3: S3Connection, plan: UploadPlan, id: string, sent: SentParts): Promise<void> {
  const list = sent.parts.map(
    ({ etag, crc }, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag.replaceAll('"', '')}</ETag><ChecksumCRC32>${crc}</ChecksumCRC32></Part>`,
  );
  const document = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
  const answer = await s3.send({
    method: 'POST',
    key: plan.place.key,
    query: `uploadId=${id}`,
    // The list itself may be spoilt on the way, and then name fewer parts; the CRC of the whole finds that.
    headers: {
      ...(plan.onlyIfFree && { 'if-none-match': '*' }),
      'content-type': 'application/xml',
      'x-amz-checksum-crc32': sent.crc,
      'x-amz-checksum-type': 'FULL_OBJECT',
    },
    document,
    // The server may take a while to put a large object together.
    bytes: plan.file.bytes,
    signal: plan.signal,
  });
  const xml = (await drained(answer)).toString();
  // The status is sent before the work is done: a failure comes as a document under status 200.
  const code = textOf(xml, 'Code');
  if (code !== undefined)
    throw new S3Refusal(code === 'PreconditionFailed' ? 412 : 500, code, textOf(xml, 'Message') ?? '');
  if (!xml.includes('</CompleteMultipartUploadResult>')) throw new S3Silence('no answer to the end of an upload');
}

function encodedCrc(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

/**
 * Frees the parts. A part that was still on its way may keep an upload alive, so it is given up until the server says
 * that there is none. When that fails, the server drops it by its own rule (MinIO: after a day).
 */
async function giveUp(s3: S3Connection, plan: UploadPlan, id: string): Promise<void> {
  // Not the caller's signal: that may be why we are here.
  const signal = AbortSignal.timeout(GIVE_UP_MS);
  const call = { method: 'DELETE' as const, key: plan.place.key, query: `uploadId=${id}`, signal };
  try {
    for (let round = 1; round <= GIVE_UP_ROUNDS; round += 1) {
      await retrying(plan.policy, signal, canHeal, async () => drained(await s3.send(call)));
    }
  } catch {
    // Usually NoSuchUpload: it is gone. Otherwise the error that brought us here matters more.
  }
}
