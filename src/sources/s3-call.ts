import http from 'node:http';
import https from 'node:https';

export interface S3Address {
  /** `http://host:port` or `https://host`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

export interface S3Limits {
  /** How long nothing may move, from opening the connection to the last byte, in milliseconds. Default 30 s. */
  readonly idleMs: number;
}

export interface S3Get {
  readonly bucket: string;
  /** Absent: the bucket itself. */
  readonly key?: string;
  /** Already encoded, without `?`. */
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** The server answered, but not with 200. */
export class S3Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`the server answered ${status}${code && ` ${code}`}`);
    this.name = 'S3Refused';
  }
}

/**
 * One signed GET through the minio client, which has neither timeouts nor cancellation of its own: both are in the
 * transport that it is given, so they hold in the middle of a body too.
 *
 * @throws {S3Refused}; a socket's error; the signal's reason.
 */
export async function s3Get(address: S3Address, limits: S3Limits, get: S3Get): Promise<http.IncomingMessage> {
  get.signal?.throwIfAborted();
  const { Client } = await import('minio');
  const { hostname, port, protocol } = new URL(address.endpoint);
  const client = new Client({
    endPoint: hostname,
    ...(port !== '' && { port: Number(port) }),
    useSSL: protocol === 'https:',
    accessKey: address.accessKey,
    secretKey: address.secretKey,
    ...(address.sessionToken && { sessionToken: address.sessionToken }),
    region: address.region,
    transport: transport(protocol === 'https:' ? https : http, limits, get.signal),
    // Whoever calls decides what is tried again.
    retryOptions: { disableRetry: true },
  });
  try {
    return await client.makeRequestAsync(
      {
        method: 'GET',
        bucketName: get.bucket,
        ...(get.key !== undefined && { objectName: get.key }),
        ...(get.query !== undefined && { query: get.query }),
        headers: { ...get.headers },
      },
      '',
      [200],
      address.region,
    );
  } catch (error) {
    get.signal?.throwIfAborted();
    throw error;
  }
}

type Request = Pick<typeof http, 'request'>;

function transport(base: Request, { idleMs }: S3Limits, signal: AbortSignal | undefined): Request {
  const request = (options: http.RequestOptions, take: (answer: http.IncomingMessage) => void) => {
    const call = base.request({ ...options, ...(signal && { signal }) }, (answer) => {
      if (answer.statusCode === 200) take(answer);
      // The client makes an untyped text of some of these: they are read here.
      else void refusal(answer).then((error) => call.emit('error', error));
    });
    return call.setTimeout(idleMs, () => call.destroy(new Error(`nothing moved for ${idleMs} ms`)));
  };
  // The client calls it in this one way only; the overloads of `http.request` have more.
  return { request: request as Request['request'] };
}

const LONGEST_REFUSAL = 64 * 1024;

async function refusal(answer: http.IncomingMessage): Promise<S3Refused> {
  let text = '';
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (text.length < LONGEST_REFUSAL) text += chunk.toString('latin1');
    }
  } catch {
    // The status alone has to do.
  }
  return new S3Refused(answer.statusCode ?? 0, /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '');
}
