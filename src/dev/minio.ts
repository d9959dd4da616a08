import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import type { LockFile } from './lock-file.js';
import { lockFolder } from './lock-folder.js';
import { toStderr, type Progress } from './progress.js';
import { signedCall } from './signed-call.js';
import { startServer } from './start-server.js';
import { minioBinary } from './tools.js';

export interface MinioOptions {
  /** Where its data stays. Default: a temporary folder, removed by `stop()`. */
  readonly dataFolder?: string;
  /** Default: a new one each time. */
  readonly accessKey?: string;
  /** At least eight characters. Default: a new one each time. */
  readonly secretKey?: string;
  readonly progress?: Progress;
}

/** A running S3 server on a loopback port. */
export interface S3Server {
  /** Example: `http://127.0.0.1:41233`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly pid: number;
  /** Ends it. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a MinIO of our own and returns when a signed call succeeds. It ends with this process.
 *
 * @throws {SetupConflictError} when another process serves the same data folder
 */
export async function startMinio(options: MinioOptions = {}): Promise<S3Server> {
  const binary = await minioBinary(options.progress ?? toStderr);
  const home = await mkdtemp(path.join(tmpdir(), `perennial-minio-${process.pid}-`));
  const folder = options.dataFolder === undefined ? path.join(home, 'data') : path.resolve(options.dataFolder);
  const accessKey = options.accessKey ?? randomBytes(8).toString('hex');
  const secretKey = options.secretKey ?? randomBytes(20).toString('hex');
  const env = {
    ...process.env,
    MINIO_ROOT_USER: accessKey,
    MINIO_ROOT_PASSWORD: secretKey,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
    MINIO_CALLHOME_ENABLE: 'off',
  };
  await mkdir(folder, { recursive: true });
  let lock: LockFile | undefined;
  const free = async () => {
    await lock?.release();
    await rm(home, { recursive: true, force: true });
  };
  try {
    if (options.dataFolder !== undefined) lock = await lockFolder('MinIO', folder);
    let endpoint = '';
    const server = await startServer('MinIO', async () => {
      const port = await freePort();
      endpoint = `http://127.0.0.1:${port}`;
      const args = [
        'server',
        folder,
        '--quiet',
        '--address',
        `127.0.0.1:${port}`,
        '--certs-dir',
        path.join(home, 'certs'),
      ];
      return {
        program: binary,
        args,
        options: { env },
        port,
        ready: () => signedCall({ endpoint, accessKey, secretKey }),
      };
    });
    await lock?.add(server.pid);
    const stop = async () => {
      await server.stop();
      await free();
    };
    return { endpoint, accessKey, secretKey, pid: server.pid, stop };
  } catch (error) {
    await free();
    throw error;
  }
}
