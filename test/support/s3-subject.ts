import { Client } from 'minio';
import { MinioStore, type MinioStoreOptions } from '../../src/stores/minio-store.js';
import type { S3Server } from '../../src/dev/minio.js';

const MEBIBYTE = 1024 * 1024;

/** A store on a test server: short waits, and parts small enough that a test's large file is sent in parts. */
export function testStore(
  server: Pick<S3Server, 'endpoint' | 'accessKey' | 'secretKey'>,
  options: Partial<MinioStoreOptions> = {},
): MinioStore {
  return new MinioStore({
    endpoint: server.endpoint,
    accessKey: server.accessKey,
    secretKey: server.secretKey,
    bucket: 'perennial-test',
    multipartAboveBytes: 6 * MEBIBYTE,
    partBytes: 5 * MEBIBYTE,
    retry: { baseMs: 10, capMs: 200 },
    ...options,
  });
}

/** The ids of the uploads that nobody completed or gave up. */
export async function openUploads(server: S3Server): Promise<string[]> {
  const client = new Client({
    endPoint: '127.0.0.1',
    port: Number(new URL(server.endpoint).port),
    useSSL: false,
    accessKey: server.accessKey,
    secretKey: server.secretKey,
    region: 'us-east-1',
  });
  const uploads: string[] = [];
  // MinIO lists uploads of one object only, versitygw all of a bucket: a prefix that names the object serves both.
  for await (const upload of client.listIncompleteUploads('perennial-test', '', true)) {
    uploads.push((upload as { key: string }).key);
  }
  return uploads;
}
