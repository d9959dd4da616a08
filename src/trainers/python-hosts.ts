import { TrainerHostError } from '../errors.js';
import { PythonHost, type HostedProgram, type PythonHostOptions } from './python-host.js';
import type { PythonIdentity } from './python-identity.js';
import type { StartedJob } from './started-job.js';

/** A host that nobody used for so long ends. */
const IDLE_MS = 5 * 60_000;
const SWEEP_EVERY_MS = 30_000;

interface Kept {
  /** What the host has imported: its environment at that time. */
  readonly identity: string;
  readonly host: Promise<PythonHost>;
}

/** The warm hosts of a worker: one for each environment and list of modules, as long as it is used. */
export class PythonHosts {
  readonly #identities: PythonIdentity;
  readonly #idleMs: number;
  readonly #kept = new Map<string, Kept>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(identities: PythonIdentity, idleMs = IDLE_MS) {
    this.#identities = identities;
    this.#idleMs = idleMs;
  }

  /** Makes the host ready before a job needs it. @throws as `PythonHost.ready` */
  async warm(options: PythonHostOptions): Promise<void> {
    await (await this.#host(options)).ready();
  }

  /** Runs a program in a warm host; one that turns out to be gone is replaced once. @throws as `PythonHost.run` */
  async run(options: PythonHostOptions, program: HostedProgram, signal: AbortSignal): Promise<StartedJob> {
    try {
      return await (await this.#host(options)).run(program, signal);
    } catch (error) {
      if (!(error instanceof TrainerHostError)) throw error;
      return await (await this.#host(options)).run(program, signal);
    }
  }

  /** Ends the hosts; jobs that run are not disturbed. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(kept.map(({ host }) => host.then(close, ignore)));
  }

  async #host(options: PythonHostOptions): Promise<PythonHost> {
    const { python, preload = null, environment = {} } = options;
    const place = JSON.stringify([python, preload, environment]);
    const identity = JSON.stringify(await this.#identities.of(python));
    const old = this.#kept.get(place);
    if (old?.identity === identity && (await old.host).isAlive) return await old.host;
    // Another job may have replaced it meanwhile.
    const now = this.#kept.get(place);
    if (now !== undefined && now !== old) return await now.host;
    const host = PythonHost.start(options);
    this.#kept.set(place, { identity, host });
    host.catch(() => this.#kept.delete(place));
    void old?.host.then(close, ignore);
    this.#sweeper ??= setInterval(() => void this.#sweep(), Math.min(SWEEP_EVERY_MS, this.#idleMs)).unref();
    return await host;
  }

  async #sweep(): Promise<void> {
    for (const [place, kept] of this.#kept) {
      const host = await kept.host.catch(() => undefined);
      if (host?.isAlive === true && host.idleMs < this.#idleMs) continue;
      if (this.#kept.get(place) === kept) this.#kept.delete(place);
      await host?.close();
    }
  }
}

const close = (host: PythonHost): Promise<void> => host.close();
/** Whoever asked for the host has heard why there is none. */
const ignore = (): void => undefined;
