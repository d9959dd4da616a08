import { stat } from 'node:fs/promises';
import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { startPostgres } from '../../../src/dev/postgres.js';
import { postgresFolder } from '../../../src/dev/postgres-binary.js';
import { SetupMissingError } from '../../../src/errors.js';

const silent = () => undefined;
afterEach(() => vi.unstubAllEnvs());

it('startPostgres, answers on a loopback port, and leaves nothing when it is stopped, once or twice', async () => {
  const server = await startPostgres(silent);
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ folder: string; sockets: string; hosts: string }>(
    `SELECT current_setting('data_directory') AS folder, current_setting('unix_socket_directories') AS sockets,
            current_setting('listen_addresses') AS hosts`,
  );
  expect(rows).toMatchObject([{ sockets: '', hosts: '127.0.0.1' }]);
  process.kill(server.pid, 0);
  // Clients that are connected do not keep it from ending.
  await server.stop();
  await server.stop();
  expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
  await expect(stat(rows[0]!.folder)).rejects.toThrow(/ENOENT/);
});

it('postgresFolder, refuses a variable that names no program', async () => {
  vi.stubEnv('PERENNIAL_POSTGRES_BIN', '/nowhere/postgres');
  await expect(postgresFolder(silent)).rejects.toThrow(SetupMissingError);
  await expect(postgresFolder(silent)).rejects.toThrow(/PERENNIAL_POSTGRES_BIN/);
});
