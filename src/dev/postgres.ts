import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { programOnPath } from './find-program.js';
import { freePort } from './free-port.js';
import type { Command } from './guard.js';
import { postgresFolder } from './postgres-binary.js';
import { toStderr, type Progress } from './progress.js';
import { mustRun } from './run-command.js';
import { startServer } from './start-server.js';

/** A running PostgreSQL server on a loopback port. */
export interface PostgresServer {
  /** Connection string of its superuser, to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it, whoever is connected, and removes its data. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server on a temporary folder, for tests: nothing is kept and nothing synced to disk. It listens on
 * 127.0.0.1 only, without a socket file, and ends with this process. It refuses to run as root, so root runs it as
 * another user.
 *
 * @throws {SetupMissingError} when there is none and it cannot be installed
 */
export async function startPostgres(progress: Progress = toStderr): Promise<PostgresServer> {
  const folder = await postgresFolder(progress);
  const user = await otherUser();
  const home = await mkdtemp(path.join(tmpdir(), `perennial-postgres-${process.pid}-`));
  const password = randomBytes(12).toString('hex');
  const remove = () => rm(home, { recursive: true, force: true });
  try {
    const [data, secret] = [path.join(home, 'data'), path.join(home, 'password')];
    await writeFile(secret, password);
    if (user) for (const each of [home, secret]) await chown(each, user.uid, user.gid);
    const cluster = ['--pgdata', data, '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'];
    const access = ['--username', 'perennial', '--pwfile', secret, '--auth', 'scram-sha-256'];
    const initdb = as(user, path.join(folder, 'initdb'), [...cluster, ...access]);
    await mustRun(initdb.program, initdb.args, { cwd: home });
    let port = 0;
    const server = await startServer('PostgreSQL', async () => {
      port = await freePort();
      const args = ['-D', data, '-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`, ...SETTINGS];
      const url = urlOf(port, password);
      return { ...as(user, path.join(folder, 'postgres'), args), options: { cwd: home }, port, ready: () => ask(url) };
    });
    const stop = async () => {
      // Its word for "now": on SIGTERM it would wait until every client has gone.
      if (!server.hasEnded()) process.kill(server.pid, 'SIGINT');
      await Promise.race([server.ended, new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
      await server.stop();
      await remove();
    };
    return { url: urlOf(port, password), port, pid: server.pid, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

const SETTINGS = ['unix_socket_directories=', 'fsync=off', 'full_page_writes=off', 'synchronous_commit=off'].flatMap(
  (setting) => ['-c', setting],
);

function urlOf(port: number, password: string): string {
  return `postgres://perennial:${password}@127.0.0.1:${port}/postgres`;
}

async function ask(url: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Whom root runs the server as; undefined for everybody else. */
async function otherUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

function as(user: User | undefined, program: string, args: readonly string[]): Command {
  if (!user) return { program, args };
  const setpriv = programOnPath(['setpriv']) ?? 'setpriv';
  const identity = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
  // A change of user clears the signal that ends it with us: it is set again.
  return { program: setpriv, args: [...identity, '--pdeathsig', 'INT', '--', program, ...args] };
}
