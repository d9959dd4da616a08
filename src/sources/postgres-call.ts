import { Socket } from 'node:net';
import type { Client } from 'pg';

/** Of opening a connection, until the server has answered. */
const CONNECT_MS = 30_000;

/**
 * Does work in one transaction that sees one state of the database and cannot write. When the signal aborts, the server
 * is told to stop and the connection is cut.
 *
 * @throws what the server or the connection says; the signal's reason
 */
export async function inSnapshot<T>(
  url: string,
  signal: AbortSignal | undefined,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const { client, socket } = await newClient(url);
  let backend: number | undefined;
  const stop = () => {
    if (backend !== undefined) void cancel(url, backend);
    socket.destroy();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const setting of SETTINGS) await client.query(`SET LOCAL ${setting}`);
    const { rows } = await client.query<{ backend: number }>('SELECT pg_backend_pid() AS backend');
    backend = rows[0]?.backend;
    const result = await work(client);
    await client.query('COMMIT');
    await client.end();
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** The same value is the same text on every server. */
const SETTINGS = [
  `TimeZone = 'UTC'`,
  `DateStyle = 'ISO, YMD'`,
  `IntervalStyle = 'iso_8601'`,
  `bytea_output = 'hex'`,
  `extra_float_digits = 3`,
];

async function newClient(url: string): Promise<{ client: Client; socket: Socket }> {
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    application_name: 'perennial',
    connectionTimeoutMillis: CONNECT_MS,
    // A server that vanished without a word is noticed in the end.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    stream: () => socket,
  });
  // A connection that is lost between two queries: the next one fails.
  client.on('error', () => undefined);
  return { client, socket };
}

/** Without it the server would go on until it next writes, which may be long. Best effort: nobody waits for it. */
async function cancel(url: string, backend: number): Promise<void> {
  const { client, socket } = await newClient(url);
  try {
    await client.connect();
    await client.query('SELECT pg_cancel_backend($1)', [backend]);
  } catch {
    // It ends when it finds that nobody listens.
  } finally {
    socket.destroy();
  }
}
