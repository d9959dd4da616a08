import { copyFile, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { SourceSpec } from '../spec/spec.js';
import type { StoreConfig } from '../stores/index.js';

/** Where the week's files arrive. */
export interface Inbox {
  /** The source that a model spec names to take from here. */
  readonly source: SourceSpec;
  /** For people. */
  readonly name: string;
  /** Puts a local file into the inbox under its own name; one of that name is replaced. */
  put(file: string): Promise<void>;
}

const BUCKET = 'perennial-inbox';
const PREFIX = 'flights/';

/** Opens the inbox beside a store: a bucket of the same server, or a folder next to the store's. */
export async function openInbox(store: StoreConfig): Promise<Inbox> {
  return store.kind === 'minio' ? await bucketInbox(store) : await folderInbox(path.join(store.path, '../inbox'));
}

async function bucketInbox(access: Extract<StoreConfig, { kind: 'minio' }>): Promise<Inbox> {
  const { Client } = await import('minio');
  const { hostname, port, protocol } = new URL(access.endpoint);
  const { accessKey, secretKey } = access;
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: protocol === 'https:',
    accessKey,
    secretKey,
  });
  if (!(await client.bucketExists(BUCKET))) await client.makeBucket(BUCKET);
  return {
    source: { kind: 's3', bucket: BUCKET, prefix: PREFIX },
    name: `bucket ${BUCKET}`,
    put: async (file) => {
      await client.fPutObject(BUCKET, `${PREFIX}${path.basename(file)}`, file);
    },
  };
}

async function folderInbox(folder: string): Promise<Inbox> {
  await mkdir(folder, { recursive: true });
  return {
    source: { kind: 'file', path: folder },
    name: 'folder inbox',
    put: async (file) => {
      // Written beside it first, so that no run ever sees half a file.
      const whole = path.join(folder, '..', `.arriving-${path.basename(file)}`);
      await copyFile(file, whole);
      await rename(whole, path.join(folder, path.basename(file)));
    },
  };
}
