import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HostedJob } from './hosted-job.js';

/** The address of a Unix socket is cut at some hundred bytes, without a word; macOS has the shortest. */
const ADDRESS_BYTES = 103;
/** What a connection may say before it has said whose it is. */
const HELLO_BYTES = 1000;

/** Where the jobs of a Python host connect to: a Unix socket in a folder of its own, into which nobody else may look. */
export class JobConnections {
  readonly folder: string;
  readonly #server: Server;
  readonly #waiting = new Map<string, HostedJob>();

  private constructor(folder: string, server: Server) {
    this.folder = folder;
    this.#server = server;
    server.on('connection', (socket) => void this.#admit(socket));
    // A worker that has nothing else to do may end.
    server.unref();
  }

  static async open(): Promise<JobConnections> {
    const folder = await mkdtemp(path.join(placeFor('perennial-XXXXXX'), 'perennial-'));
    try {
      return new JobConnections(folder, await listen(addressIn(folder)));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get address(): string {
    return addressIn(this.folder);
  }

  /** Waits for the connections of a job; returns the name that they are to give, which nobody can guess. */
  expect(job: HostedJob): string {
    const name = randomUUID();
    this.#waiting.set(name, job);
    return name;
  }

  forget(name: string): void {
    this.#waiting.delete(name);
  }

  /** One of the jobs that are waited for will not come. */
  fail(name: string, error: Error): void {
    this.#waiting.get(name)?.fail(error);
  }

  /** None of the jobs that are waited for will come. */
  failAll(error: Error): void {
    this.#waiting.forEach((job) => job.fail(error));
  }

  /** No more connections; those that are there stay. */
  async close(): Promise<void> {
    this.#server.close();
    // What cannot be removed is left to whoever cleans the folder of temporary files.
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Anybody may have connected, also the program of a job that has found the address. */
  async #admit(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    const { job, stream } = readHello(await firstLine(socket));
    const waiting = this.#waiting.get(job);
    if (!waiting?.connect(stream, socket)) socket.destroy();
  }
}

function placeFor(name: string): string {
  return Buffer.byteLength(addressIn(path.join(tmpdir(), name))) <= ADDRESS_BYTES ? tmpdir() : '/tmp';
}

function addressIn(folder: string): string {
  return path.join(folder, 's');
}

function listen(address: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => resolve(server));
  });
}

/** Empty when it ended, or said too much, before its first line was whole. */
function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    const take = (): void => {
      heard = Buffer.concat([heard, (socket.read() as Buffer | null) ?? Buffer.alloc(0)]);
      const end = heard.indexOf(10);
      if (end < 0 && heard.length < HELLO_BYTES) return;
      socket.off('readable', take);
      const rest = heard.subarray(end + 1);
      if (rest.length > 0) socket.unshift(rest);
      resolve(heard.toString('utf8', 0, Math.max(0, end)));
    };
    socket.on('readable', take);
    socket.once('close', () => resolve(''));
  });
}

function readHello(line: string): { readonly job: string; readonly stream: string } {
  try {
    const { job, stream } = JSON.parse(line) as Record<string, unknown>;
    return { job: String(job), stream: String(stream) };
  } catch {
    return { job: '', stream: '' };
  }
}
