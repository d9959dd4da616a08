import type { Socket } from 'node:net';
import { TrainerHostError } from '../errors.js';
import { readLines } from './line-reader.js';
import type { ProgramEnd, StartedJob } from './started-job.js';

/** A job below a supervisor (perennial_trainer.supervisor): three connections, one of them to that. */
export class HostedJob implements StartedJob {
  readonly own = 1;
  /** Resolves when the job runs, rejects with the reason why it never will. */
  readonly begun: Promise<void>;
  readonly ended: Promise<ProgramEnd>;
  readonly #streams: Partial<Record<Stream, Socket>> = {};
  #pid: number | undefined;
  #begin: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  #end: (end: ProgramEnd) => void = () => undefined;

  constructor() {
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#fail = reject;
    });
    this.begun.catch(() => undefined);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  get stdout(): Socket {
    return this.#stream('out');
  }

  get stderr(): Socket {
    return this.#stream('err');
  }

  /** Takes one of the connections; false when it is none that is waited for. */
  connect(name: string | undefined, socket: Socket): boolean {
    if (!isStream(name) || this.#streams[name]) return false;
    this.#streams[name] = socket;
    if (name === 'control') void this.#hear(socket);
    this.#beginWhenWhole();
    return true;
  }

  /** It will not start. */
  fail(error: Error): void {
    this.#fail(error);
    for (const socket of Object.values(this.#streams)) socket.destroy();
  }

  terminate(): void {
    this.#signal(15);
  }

  kill(): void {
    this.#signal(9);
  }

  /** Its supervisor has waited for the end of every process, or the kernel ended them with it. */
  clear(): Promise<void> {
    this.#streams.control?.destroy();
    return Promise.resolve();
  }

  /** Connections are heard of in any order. */
  #beginWhenWhole(): void {
    const { control, out, err } = this.#streams;
    if (control && out && err && this.#pid !== undefined) this.#begin();
  }

  #signal(number: number): void {
    this.#streams.control?.write(`${JSON.stringify({ signal: number })}\n`);
  }

  async #hear(control: Socket): Promise<void> {
    await readLines(control, (line) => {
      const event = JSON.parse(line) as SupervisorEvent; // written by our own supervisor
      if ('started' in event) {
        this.#pid = event.started.pid;
        this.#beginWhenWhole();
      } else {
        const { code, signal, ...usage } = event.ended;
        this.#end(signal === undefined ? { kind: 'exit', code: code ?? 1, usage } : { kind: 'signal', signal, usage });
      }
    });
    // After an end that was told, these change nothing.
    this.#fail(new TrainerHostError('Cannot run a job: the process that watches over it ended before it began'));
    this.#end({ kind: 'lost', reason: 'the process that watched over it ended' });
  }

  #stream(name: Stream): Socket {
    const socket = this.#streams[name];
    if (!socket) throw new RangeError(`the job has not begun: there is no stream "${name}"`);
    return socket;
  }
}

type Stream = 'control' | 'out' | 'err';

function isStream(name: string | undefined): name is Stream {
  return name === 'control' || name === 'out' || name === 'err';
}

type SupervisorEvent =
  | { readonly started: { readonly pid: number } }
  | {
      readonly ended: {
        readonly code?: number;
        readonly signal?: NodeJS.Signals;
        readonly cpuSeconds: number;
        readonly peakMemoryBytes: number;
      };
    };
