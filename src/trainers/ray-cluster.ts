import http from 'node:http';
import https from 'node:https';
import { ServiceUnreachableError, TrainerFailedError } from '../errors.js';

/** What Ray says of a job; there is more. */
export interface RayJob {
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';
  readonly message: string | null;
  readonly error_type?: string | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
}

export interface RayJobRequest {
  readonly entrypoint: string;
  readonly submission_id: string;
  readonly runtime_env: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly entrypoint_num_cpus?: number;
  readonly entrypoint_num_gpus?: number;
  readonly entrypoint_memory?: number;
}

const TIMEOUT_MS = 60_000;
const MOST_BYTES = 64 * 1024 * 1024;
const SHOWN = 1000;

/** The Jobs API of one Ray cluster. */
export class RayCluster {
  /** Of the dashboard, for people. */
  readonly address: string;
  readonly #token: string | undefined;

  /** @param token of a cluster that asks for one */
  constructor(address: string, token?: string) {
    if (!URL.canParse(address) || !/^https?:/.test(address)) {
      throw new TrainerFailedError(`Cannot train on Ray at "${address}": want the URL of its dashboard`, {
        fix: 'For example http://127.0.0.1:8265; ray:// is for Python clients.',
      });
    }
    this.address = address.replace(/\/+$/, '');
    this.#token = token;
  }

  /** Undefined when there is no such job. */
  async job(id: string): Promise<RayJob | undefined> {
    const answer = await this.#call('GET', `/api/jobs/${id}`);
    // Some versions answer 500 for a job they do not know.
    if (answer.status === 404 || (answer.status >= 400 && answer.text.includes('does not exist'))) return undefined;
    return JSON.parse(this.#expect(answer, 'look for a job')) as RayJob; // by Ray's documented schema
  }

  /** False when there is a job of this id already. */
  async submit(request: RayJobRequest): Promise<boolean> {
    const answer = await this.#call('POST', '/api/jobs/', Buffer.from(JSON.stringify(request)));
    if (answer.status >= 400 && /already exists/.test(answer.text)) return false;
    this.#expect(answer, 'submit a job');
    return true;
  }

  async stop(id: string): Promise<void> {
    this.#expect(await this.#call('POST', `/api/jobs/${id}/stop`), 'stop a job');
  }

  /** A job that has ended is forgotten. */
  async forget(id: string): Promise<void> {
    this.#expect(await this.#call('DELETE', `/api/jobs/${id}`), 'remove a job');
  }

  /** What the job has printed. */
  async logs(id: string): Promise<string> {
    const { logs } = JSON.parse(this.#expect(await this.#call('GET', `/api/jobs/${id}/logs`), 'read a log')) as {
      logs?: string;
    };
    return logs ?? '';
  }

  /** Makes a package available to jobs, as `gcs://NAME`. */
  async upload(name: string, make: () => Promise<Buffer>): Promise<void> {
    const path = `/api/packages/gcs/${name}`;
    const found = await this.#call('GET', path);
    if (found.status === 200) return;
    this.#expect(await this.#call('PUT', path, await make(), 'application/zip'), 'upload a package');
  }

  #expect({ status, text }: Answer, what: string): string {
    if (status >= 200 && status < 300) return text;
    const message = `Cannot ${what} on Ray at ${this.address}: it answered ${status}: ${lastLine(text)}`;
    if (status >= 500 || status === 429) {
      throw new ServiceUnreachableError(message, { fix: 'Look at the log of the cluster; it is tried again.' });
    }
    const fix =
      status === 401 || status === 403
        ? "Set RAY_AUTH_TOKEN where the worker runs to the cluster's token."
        : 'Check that trainer.ray.address is the dashboard of a Ray cluster, 2.9 or newer.';
    throw new TrainerFailedError(message, { fix, details: { status } });
  }

  /** Not `fetch`: its headers look like a browser's, from which Ray takes no jobs. */
  #call(method: string, path: string, body?: Buffer, type = 'application/json'): Promise<Answer> {
    const url = new URL(`${this.address}${path}`);
    const headers = {
      ...(body && { 'content-type': type, 'content-length': String(body.length) }),
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
    };
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(unreachable(this.address, error));
      const request = (url.protocol === 'https:' ? https : http).request(url, { method, headers }, (answer) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > MOST_BYTES) answer.destroy(new Error(`an answer of more than ${MOST_BYTES} bytes`));
          else pieces.push(piece);
        });
        answer.on('error', failed);
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') });
        });
      });
      request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`nothing moved for ${TIMEOUT_MS / 1000} s`)));
      request.on('error', failed);
      request.end(body);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function unreachable(address: string, cause: Error): ServiceUnreachableError {
  const why = cause.message !== '' ? cause.message : ((cause as NodeJS.ErrnoException).code ?? cause.name);
  return new ServiceUnreachableError(`Cannot reach Ray at ${address}: ${why}`, {
    fix: 'Check that the cluster runs and that trainer.ray.address is its dashboard; it is tried again.',
    cause,
  });
}

/** Ray answers with stack traces. */
function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, SHOWN);
}
