import { Client } from 'minio';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where an S3 server is, and who we are there. */
export interface S3Access {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Long enough for a busy machine, short enough to be asked again. */
const PATIENCE_MS = 2_000;

/** Succeeds when the server answers a signed request. A health page says "ready" earlier than calls are served. */
export async function signedCall(access: S3Access): Promise<void> {
  const url = new URL(access.endpoint);
  const client = new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === 'https:',
    accessKey: access.accessKey,
    secretKey: access.secretKey,
    region: 'us-east-1',
    // We ask again ourselves, and it would say on the console that it does.
    retryOptions: { disableRetry: true },
  });
  const gaveUp = new AbortController();
  // The client has no timeout of its own.
  const tooLong = sleep(PATIENCE_MS, undefined, { signal: gaveUp.signal }).then(() => {
    throw new Error(`no answer from ${access.endpoint} in ${PATIENCE_MS / 1000} s`);
  });
  try {
    await Promise.race([client.listBuckets(), tooLong]);
  } finally {
    gaveUp.abort();
    tooLong.catch(() => undefined);
  }
}
