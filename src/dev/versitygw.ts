import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import type { S3Server } from './minio.js';
import { toStderr, type Progress } from './progress.js';
import { signedCall } from './signed-call.js';
import { startServer } from './start-server.js';
import { versitygwBinary } from './tools.js';

/** Starts a versitygw on a temporary folder: a second real S3 server, for tests. It ends with this process. */
export async function startVersitygw(progress: Progress = toStderr): Promise<S3Server> {
  const binary = await versitygwBinary(progress);
  const folder = await mkdtemp(path.join(tmpdir(), `perennial-versitygw-${process.pid}-`));
  const access = { accessKey: randomBytes(8).toString('hex'), secretKey: randomBytes(20).toString('hex') };
  const env = { ...process.env, ROOT_ACCESS_KEY: access.accessKey, ROOT_SECRET_KEY: access.secretKey };
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    let endpoint = '';
    const server = await startServer('versitygw', async () => {
      const port = await freePort();
      endpoint = `http://127.0.0.1:${port}`;
      const args = ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', folder];
      return { program: binary, args, options: { env }, port, ready: () => signedCall({ endpoint, ...access }) };
    });
    const stop = async () => {
      await server.stop();
      await remove();
    };
    return { endpoint, ...access, pid: server.pid, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}
