import { randomUUID } from 'node:crypto';
import { ArtifactCorruptError } from '../errors.js';
import type { Ref } from '../domain/artifact.js';
import { sha256Hex } from './digest.js';
import { checkedKey, checkedPrefix } from './key.js';
import { checkedAddress } from './minio-address.js';
import { probeStore } from './probe.js';
import { retrying, type RetryPolicy } from './retry.js';
import { canHeal, isNotFound, S3Refusal, S3Silence } from './s3-answers.js';
import { committed, type Writer } from './s3-commit.js';
import { drained, S3Connection, type S3Call, type S3Limits } from './s3-connection.js';
import { explainedS3 } from './s3-errors.js';
import { listPage } from './s3-listing.js';
import { uploadInParts } from './s3-multipart.js';
import { completesConditionally } from './s3-probe.js';
import { marksOf, putWhole } from './s3-put.js';
import { headerOf, type Answer } from './s3-transport.js';
import type { ArtifactStore, Body, CallOptions, FileBody, ListedObject } from './store.js';
import { checkPieces, corrupt, describe, LARGEST_READ, missing, tooLarge, verified, type Place } from './verify.js';
import { writeVerified } from './verified-file.js';

const MEBIBYTE = 1024 * 1024;

export interface MinioStoreOptions {
  /** `http://host:port` or `https://host`, nothing after it. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** The endpoint as other machines reach it, for addresses that are given to them. Default: `endpoint`. */
  readonly publicEndpoint?: string;
  /** For temporary credentials. */
  readonly sessionToken?: string;
  /** Default `us-east-1`, which is what MinIO answers to. */
  readonly region?: string;
  /** Time limits of each single request. */
  readonly limits?: Partial<S3Limits>;
  /** Default: 6 attempts, the waits between them random up to 0.2, 0.4, 0.8, 1.6 and 3.2 s. */
  readonly retry?: Partial<RetryPolicy>;
  /** Larger files are sent in parts. Default 256 MiB; at most 5 GiB, S3's limit for one request. */
  readonly multipartAboveBytes?: number;
  /** Size of a part. Default 16 MiB, least 5 MiB. */
  readonly partBytes?: number;
  /** Parts of one file in flight; each takes `partBytes` of memory. Default 4. */
  readonly lanes?: number;
}

/** How often bytes that came back wrong are asked for again: they may have been spoilt on the way. */
const READS_OF_SPOILT = 3;

/**
 * Keeps objects in a bucket of MinIO, or of any S3 server with conditional writes. Nothing above it sees S3: an answer
 * that is lost is read back, what can heal is tried again within bounds, and every byte read is hashed.
 */
export class MinioStore implements ArtifactStore {
  readonly name: string;
  readonly #s3: S3Connection;
  readonly #policy: RetryPolicy;
  readonly #parts: { readonly above: number; readonly partBytes: number; readonly lanes: number };
  /** Whether this server keeps the condition when an upload in parts is completed; asked once, when first needed. */
  #partsAreSafe: Promise<boolean> | undefined;

  /** @throws {StoreRefusedError} for an endpoint or a bucket name that cannot be. */
  constructor(options: MinioStoreOptions) {
    const address = checkedAddress(options);
    this.name = `MinIO ${address.endpoint}/${address.bucket}`;
    this.#s3 = new S3Connection(address, { connectMs: 5000, idleMs: 30_000, wholeMs: 60_000, ...options.limits });
    this.#policy = { attempts: 6, baseMs: 200, capMs: 5000, ...options.retry };
    this.#parts = {
      above: options.multipartAboveBytes ?? 256 * MEBIBYTE,
      partBytes: options.partBytes ?? 16 * MEBIBYTE,
      lanes: options.lanes ?? 4,
    };
  }

  async create(key: string, body: Body, options: CallOptions = {}): Promise<'created' | 'exists'> {
    checkedKey(key);
    return this.#explained('create', key, options, async (place) => {
      if (!Buffer.isBuffer(body) && body.bytes > this.#parts.above && (await this.#canSendParts(options))) {
        return this.#sendParts(place, body, options);
      }
      const marks = marksOf(randomUUID(), body);
      const send = (): Promise<void> =>
        putWhole(this.#s3, place, body, { ...marks, 'if-none-match': '*' }, options.signal);
      return committed(this.#policy, options.signal, send, () => this.#writerOf(key, marks, options));
    });
  }

  async replace(key: string, body: Body, options: CallOptions = {}): Promise<void> {
    checkedKey(key);
    await this.#explained('write', key, options, async (place) => {
      if (!Buffer.isBuffer(body) && body.bytes > this.#parts.above) {
        await this.#sendParts(place, body, options, false);
        return;
      }
      const marks = marksOf(randomUUID(), body);
      await this.#retrying(options, () => putWhole(this.#s3, place, body, marks, options.signal));
    });
  }

  async read(key: string, expected?: Ref, options: CallOptions = {}): Promise<Buffer> {
    checkedKey(key);
    return this.#explained('read', key, options, (place) =>
      this.#get(place, expected?.bytes ?? LARGEST_READ, options, async (answer) => {
        const bytes = Number(headerOf(answer, 'content-length') ?? 0);
        if (bytes > LARGEST_READ) throw tooLarge(place, bytes);
        const recorded = headerOf(answer, 'x-amz-meta-sha256');
        const body = await drained(answer, LARGEST_READ);
        if (expected) return verified(place, body, expected);
        if (recorded !== undefined) return verified(place, body, { sha256: recorded });
        throw corrupt(place, describe(sha256Hex(body), body.length), 'a digest that its writer recorded');
      }),
    );
  }

  async download(ref: Ref, file: string, options: CallOptions = {}): Promise<void> {
    checkedKey(ref.key);
    await this.#explained('download', ref.key, options, (place) =>
      this.#get(place, ref.bytes, options, (answer) => writeVerified(answer, file, ref, this.name)),
    );
  }

  async check(ref: Ref, options: CallOptions = {}): Promise<void> {
    checkedKey(ref.key);
    await this.#explained('check', ref.key, options, (place) =>
      this.#get(place, ref.bytes, options, (answer) => checkPieces(place, answer, ref)),
    );
  }

  async stat(key: string, options: CallOptions = {}): Promise<{ bytes: number } | undefined> {
    checkedKey(key);
    return this.#explained('look for', key, options, async () => {
      const answer = await this.#head(key, options);
      return answer && { bytes: Number(headerOf(answer, 'content-length') ?? 0) };
    });
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncIterable<ListedObject> {
    checkedPrefix(prefix);
    let token: string | undefined;
    do {
      const page = await this.#explained('list objects below', prefix, options, () =>
        this.#retrying(options, () => listPage(this.#s3, prefix, token, options.signal)),
      );
      yield* page.objects;
      token = page.next;
    } while (token !== undefined);
  }

  async remove(key: string, options: CallOptions = {}): Promise<void> {
    checkedKey(key);
    await this.#explained('remove', key, options, async () => {
      try {
        await this.#send({ method: 'DELETE', key }, options, (answer) => answer.statusCode === 204);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
  }

  async address(key: string, to: 'read' | 'write', validMs: number): Promise<string> {
    checkedKey(key);
    return this.#explained('make an address of', key, {}, () =>
      this.#s3.address(to === 'read' ? 'GET' : 'PUT', key, Math.ceil(validMs / 1000)),
    );
  }

  /** Makes the bucket when it is not there. */
  async ensureBucket(options: CallOptions = {}): Promise<void> {
    await this.#explained('make the bucket of', '', options, async () => {
      try {
        await this.#send({ method: 'HEAD' }, options);
        return;
      } catch (error) {
        if (!(error instanceof S3Refusal && error.status === 404)) throw error;
      }
      try {
        await this.#send({ method: 'PUT' }, options);
      } catch (error) {
        // Somebody else made it in between.
        if (!(error instanceof S3Refusal && error.code === 'BucketAlreadyOwnedByYou')) throw error;
      }
    });
  }

  /** Also makes the bucket when it is not there. */
  async probe(options: CallOptions = {}): Promise<void> {
    await this.ensureBucket(options);
    await probeStore(this, options);
  }

  async close(): Promise<void> {
    this.#s3.close();
  }

  async #sendParts(
    place: Place,
    file: FileBody,
    options: CallOptions,
    onlyIfFree = true,
  ): Promise<'created' | 'exists'> {
    const marks = marksOf(randomUUID(), file);
    const { partBytes, lanes } = this.#parts;
    const { signal } = options;
    const plan = { place, file, headers: marks, onlyIfFree, partBytes, lanes, policy: this.#policy, signal };
    const writer = async (): Promise<Writer> => {
      const found = await this.#writerOf(place.key, marks, options);
      // What is to be replaced proves nothing: only our own mark shows that it was.
      return onlyIfFree || found === 'me' ? found : 'nobody';
    };
    return uploadInParts(this.#s3, plan, (complete) => committed(this.#policy, signal, complete, writer));
  }

  async #canSendParts(options: CallOptions): Promise<boolean> {
    this.#partsAreSafe ??= completesConditionally(this, (place, file) => this.#sendParts(place, file, options));
    try {
      return await this.#partsAreSafe;
    } catch (error) {
      // An outage is no answer: the next call asks again.
      this.#partsAreSafe = undefined;
      throw error;
    }
  }

  async #writerOf(key: string, marks: Readonly<Record<string, string>>, options: CallOptions): Promise<Writer> {
    const answer = await this.#head(key, options);
    if (!answer) return 'nobody';
    return headerOf(answer, 'x-amz-meta-nonce') === marks['x-amz-meta-nonce'] ? 'me' : 'another';
  }

  async #head(key: string, options: CallOptions): Promise<Answer | undefined> {
    try {
      return await this.#send({ method: 'HEAD', key }, options, isObject);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #get<T>(place: Place, bytes: number, options: CallOptions, use: (answer: Answer) => Promise<T>): Promise<T> {
    const again = (error: unknown, attempt: number): boolean =>
      canHeal(error) || (error instanceof ArtifactCorruptError && attempt < READS_OF_SPOILT);
    return retrying(this.#policy, options.signal, again, async () => {
      const answer = await this.#s3
        .send({ method: 'GET', key: place.key, bytes, signal: options.signal })
        .catch((error) => {
          throw isNotFound(error) ? missing(place, error) : error;
        });
      try {
        if (!isObject(answer)) throw new S3Silence(NOT_S3);
        return await use(answer);
      } finally {
        answer.destroy();
      }
    });
  }

  /** A request with no body in either direction that matters, tried again while that can help. */
  #send(
    call: Omit<S3Call, 'signal'>,
    options: CallOptions,
    isGenuine: (answer: Answer) => boolean = () => true,
  ): Promise<Answer> {
    return this.#retrying(options, async () => {
      const answer = await this.#s3.send({ ...call, signal: options.signal });
      await drained(answer);
      if (!isGenuine(answer)) throw new S3Silence(NOT_S3);
      return answer;
    });
  }

  #retrying<T>(options: CallOptions, call: () => Promise<T>): Promise<T> {
    return retrying(this.#policy, options.signal, canHeal, call);
  }

  async #explained<T>(verb: string, key: string, options: CallOptions, call: (place: Place) => Promise<T>): Promise<T> {
    try {
      return await call({ store: this.name, key });
    } catch (error) {
      const what = key === '' ? '' : `object "${key}" of `;
      throw explainedS3(error, `${verb} ${what}${this.name}`, options.signal);
    }
  }
}

const NOT_S3 = 'a success that no S3 server gives';

/**
 * Anything between here and the server may answer 200 to everything, a page that asks for a login say; taken for an
 * object, it would make a create that was lost look like one that was late.
 */
function isObject(answer: Answer): boolean {
  return headerOf(answer, 'etag') !== undefined;
}
