import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import type { Client } from 'minio';
import { sha256Hex } from './digest.js';
import { S3Silence } from './s3-answers.js';
import { transportFor, type CallLimits, type Transport } from './s3-transport.js';

export interface S3Address {
  /** `http://host:port` or `https://host`. */
  readonly endpoint: string;
  /** As other machines reach it. Default: `endpoint`. */
  readonly publicEndpoint?: string | undefined;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

export interface S3Limits {
  /** How long a connection may take to open, in milliseconds. Default 5 s. */
  readonly connectMs: number;
  /** How long nothing may move in either direction, in milliseconds. Default 30 s. */
  readonly idleMs: number;
  /** How long a call may take that moves next to nothing, in milliseconds; a second is added for each MiB. Default 60 s. */
  readonly wholeMs: number;
}

/** One request of the S3 protocol. */
export interface S3Call {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Absent: the bucket itself. */
  readonly key?: string;
  /** Already encoded, without `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Readable;
  /** Hash and sign the body itself: for documents, which carry no checksum header. Over TLS nothing needs it. */
  readonly document?: Buffer;
  /** Size of the body; for a GET, of what is expected back. */
  readonly bytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The longest that S3 lets an address be valid. */
const WEEK_SECONDS = 7 * 86_400;
const MEBIBYTE = 1024 * 1024;
/** More at once than a server does at once only wait there. */
const MOST_SOCKETS = 64;

/** Signs and sends single requests through the minio client, each under time limits of its own. Repeats nothing. */
export class S3Connection {
  readonly #address: S3Address;
  readonly #limits: S3Limits;
  readonly #agent: http.Agent;
  readonly #secure: boolean;
  readonly #base: Transport;
  #client: Promise<Client> | undefined;

  constructor(address: S3Address, limits: S3Limits) {
    this.#address = address;
    this.#limits = limits;
    this.#secure = address.endpoint.startsWith('https:');
    this.#base = this.#secure ? https : http;
    this.#agent = new (this.#secure ? https : http).Agent({ keepAlive: true, maxSockets: MOST_SOCKETS });
  }

  /**
   * One request. Resolves with an answer of status 2xx whose body the caller reads (or {@link drained}).
   *
   * @throws S3Refusal for any other answer; S3Silence when a limit is passed; a socket's errors; the signal's reason.
   */
  async send(call: S3Call): Promise<http.IncomingMessage> {
    call.signal?.throwIfAborted();
    const client = await this.#open();
    const headers: Record<string, string> = { ...call.headers };
    const body = call.document ?? call.body ?? '';
    if (call.method === 'PUT' || call.method === 'POST') {
      headers['content-length'] = String(call.document?.length ?? call.bytes ?? 0);
    }
    const options = {
      method: call.method,
      bucketName: this.#address.bucket,
      headers,
      ...(call.key === undefined ? {} : { objectName: call.key }),
      ...(call.query === undefined ? {} : { query: call.query }),
    };
    const signed = call.document !== undefined && !this.#secure;
    const sha256 = signed ? sha256Hex(call.document) : '';
    const view = this.#view(client, call, signed);
    return view.makeRequestStreamAsync(options, body, sha256, SUCCESS, this.#address.region);
  }

  /** A presigned address: nothing is asked of the server. */
  async address(method: 'GET' | 'PUT', key: string, validSeconds: number): Promise<string> {
    const { endpoint, publicEndpoint = endpoint, bucket } = this.#address;
    const client = publicEndpoint === endpoint ? await this.#open() : await this.#clientOf(publicEndpoint);
    return client.presignedUrl(method, bucket, key, Math.min(WEEK_SECONDS, Math.max(1, validSeconds)));
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * The client as this one call sees it. It hands nothing of a call to its transport, so each call gets a transport of
   * its own; and its flag to sign the body's hash is off where a checksum header goes with the body, which is signed
   * itself: a second hash would only cost the server time.
   */
  #view(client: Client, call: S3Call, signed: boolean): Client {
    const limits: CallLimits = {
      ...this.#limits,
      wholeMs: this.#limits.wholeMs + ((call.bytes ?? 0) / MEBIBYTE) * 1000,
      signal: call.signal,
    };
    const own = { transport: transportFor(this.#base, limits), enableSHA256: signed };
    return Object.assign(Object.create(client) as Client, own);
  }

  #open(): Promise<Client> {
    this.#client ??= this.#clientOf(this.#address.endpoint);
    return this.#client;
  }

  async #clientOf(endpoint: string): Promise<Client> {
    // Loaded at the first call: the library costs a tenth of a second.
    const { Client: MinioClient } = await import('minio');
    const { hostname, port, protocol } = new URL(endpoint);
    return new MinioClient({
      endPoint: hostname,
      useSSL: protocol === 'https:',
      ...(port === '' ? {} : { port: Number(port) }),
      accessKey: this.#address.accessKey,
      secretKey: this.#address.secretKey,
      ...(this.#address.sessionToken === undefined ? {} : { sessionToken: this.#address.sessionToken }),
      region: this.#address.region,
      ...(endpoint === this.#address.endpoint && { transportAgent: this.#agent }),
      retryOptions: { disableRetry: true },
    });
  }
}

/** The transport rejects every other status itself. */
const SUCCESS = Array.from({ length: 100 }, (_, index) => 200 + index);

/** Reads an answer to its end, at most `limit` bytes, so that its socket can be used again. */
export async function drained(answer: http.IncomingMessage, limit = MEBIBYTE): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > limit) throw new S3Silence(`an answer of more than ${limit} bytes`);
    pieces.push(piece);
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}
