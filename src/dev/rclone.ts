import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import type { S3Server } from './minio.js';
import { toStderr, type Progress } from './progress.js';
import { signedCall } from './signed-call.js';
import { startServer } from './start-server.js';
import { rcloneBinary } from './tools.js';

/**
 * Starts rclone's S3 server on a temporary folder. It ignores the condition of a conditional write, so a store must
 * refuse it: the negative control of the tests. It ends with this process.
 */
export async function startRclone(progress: Progress = toStderr): Promise<S3Server> {
  const binary = await rcloneBinary(progress);
  const folder = await mkdtemp(path.join(tmpdir(), `perennial-rclone-${process.pid}-`));
  const access = { accessKey: randomBytes(8).toString('hex'), secretKey: randomBytes(20).toString('hex') };
  // By variable: a command line can be read by everybody on the machine; quoted, for it is a list of pairs. The last one keeps it off people's own settings.
  const env = {
    ...process.env,
    RCLONE_AUTH_KEY: `"${access.accessKey},${access.secretKey}"`,
    RCLONE_CONFIG: path.join(folder, 'rclone.conf'),
  };
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    let endpoint = '';
    const server = await startServer('rclone', async () => {
      const port = await freePort();
      endpoint = `http://127.0.0.1:${port}`;
      const args = ['serve', 's3', '--addr', `127.0.0.1:${port}`, path.join(folder, 'data')];
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
