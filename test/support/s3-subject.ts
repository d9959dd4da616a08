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
