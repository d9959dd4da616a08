import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { Client as MinioClient } from 'minio';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startMinio, type S3Server } from '../../../src/dev/minio.js';
import { markOf, processAlive } from '../../../src/dev/process-alive.js';
import { startRclone } from '../../../src/dev/rclone.js';
import { startTemporal } from '../../../src/dev/temporal.js';
import { startVersitygw } from '../../../src/dev/versitygw.js';
import { SEARCH_ATTRIBUTES } from '../../../src/domain/search-attributes.js';
import { ServiceUnreachableError, SetupConflictError } from '../../../src/errors.js';
import { moduleUrl } from '../../../src/module-url.js';
import { standIn, temporaryFolder, untilGone } from './stand-ins.js';

afterEach(() => vi.unstubAllEnvs());

describe.each([
  { name: 'minio', start: () => startMinio() },
  { name: 'versitygw', start: () => startVersitygw() },
  { name: 'rclone', start: () => startRclone() },
])('the S3 server $name', ({ name, start }) => {
  it('stores an object at once, is nobody else’s, and leaves neither process nor folder', async () => {
    const server = await start();
    const client = clientOf(server);
    await client.makeBucket('bucket');
    await client.putObject('bucket', 'key', Buffer.from('bytes'));
    expect((await client.statObject('bucket', 'key')).size).toBe(5);
    await expect(clientOf({ ...server, secretKey: 'somebody-else' }).listBuckets()).rejects.toThrow(/signature/i);
    expect(await temporaryFoldersOf(name)).not.toEqual([]);
    await server.stop();
    await server.stop();
    expect(processAlive(markOf(server.pid))).toBe(false);
    expect(await temporaryFoldersOf(name)).toEqual([]);
  });
});

describe('MinIO with a data folder', () => {
  it('keeps its objects for the next start, and refuses a second server on the same folder', async () => {
    const dataFolder = path.join(await temporaryFolder(), 'data');
    const first = await startMinio({ dataFolder });
    await clientOf(first).makeBucket('bucket');
    const refusal = await startMinio({ dataFolder }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SetupConflictError);
    expect(String(refusal)).toContain(`"${dataFolder}": process ${process.pid}, ${first.pid} serves the same files`);
    await first.stop();
    const second = await startMinio({ dataFolder });
    expect((await clientOf(second).listBuckets()).map((bucket) => bucket.name)).toEqual(['bucket']);
    await second.stop();
  });
});

describe('Temporal', () => {
  it('takes our search attributes at once, serves the UI, and leaves no process', async () => {
    const server = await startTemporal({ ui: true });
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection, namespace: server.namespace });
    const searchAttributes = Object.fromEntries(Object.values(SEARCH_ATTRIBUTES).map((name) => [name, ['x']]));
    await client.workflow.start('none', { taskQueue: 'none', workflowId: 'with/attributes', searchAttributes });
    const found = client.workflow.list({ query: `${SEARCH_ATTRIBUTES.trigger} = 'x'` });
    // Listing follows starting with a short delay; that the query is understood is what counts.
    for await (const execution of found) expect(execution.workflowId).toBe('with/attributes');
    expect(await (await fetch(server.uiUrl ?? '')).text()).toMatch(/<html/i);
    await connection.close();
    await server.stop();
    await server.stop();
    expect(processAlive(markOf(server.pid))).toBe(false);
  });

  it('with a database file keeps its workflows, and refuses a second server on the same file', async () => {
    const databaseFile = path.join(await temporaryFolder(), 'not', 'yet', 'there', 'temporal.db');
    const first = await startTemporal({ databaseFile });
    await withClient(first.address, (client) =>
      client.workflow.start('none', { taskQueue: 'none', workflowId: 'kept', memo: {} }),
    );
    await expect(startTemporal({ databaseFile })).rejects.toThrow(SetupConflictError);
    await first.stop();
    const second = await startTemporal({ databaseFile });
    const kept = await withClient(second.address, (client) => client.workflow.getHandle('kept').describe());
    expect(kept.status.name).toBe('RUNNING');
    await second.stop();
    expect(existsSync(`${databaseFile}.lock`)).toBe(false);
  });

  it('ends when its parent is killed with -9, and the next start waits for that instead of failing', async () => {
    const databaseFile = path.join(await temporaryFolder(), 'temporal.db');
    const module = fileURLToPath(moduleUrl(new URL('../../../src/dev/any.ts', import.meta.url).href, './temporal.js'));
    const code = `
      const { startTemporal } = await import(${JSON.stringify(module)});
      process.stdout.write(String((await startTemporal({ databaseFile: ${JSON.stringify(databaseFile)} })).pid));
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = Number(text);
    expect(processAlive(markOf(orphan))).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const next = await startTemporal({ databaseFile });
    await untilGone(orphan);
    await next.stop();
  });
});

describe('a server that ends at once', () => {
  it('is an error that shows what it said', async () => {
    const broken = await standIn(path.join(await temporaryFolder(), 'minio'), 'echo "no drive" >&2; exit 1');
    vi.stubEnv('PERENNIAL_MINIO_BIN', broken);
    const error = await startMinio().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ServiceUnreachableError);
    expect(String(error)).toContain('it ended; it said: no drive');
    expect(await temporaryFoldersOf('minio')).toEqual([]);
  });
});

function clientOf({ endpoint, accessKey, secretKey }: S3Server): MinioClient {
  const { hostname, port } = new URL(endpoint);
  return new MinioClient({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
}

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

/** Of this process only: other tests run their own servers at the same time. */
async function temporaryFoldersOf(name: string): Promise<string[]> {
  const all = await readdir(tmpdir());
  return all.filter((entry) => entry.startsWith(`perennial-${name}-${process.pid}-`));
}
