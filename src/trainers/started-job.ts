import type { Readable } from 'node:stream';
import type { Breach } from './job-watch.js';
import type { TrainingUsage } from './trainer.js';

/** How the program of a job ended by itself, or by the signal of somebody. */
export type ProgramEnd = (
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly reason: string }
  /** Nobody knows: who watched over it is gone, and the program with it. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** Of a job that holds itself to its time. */
  | { readonly kind: 'timeout' }
  /** Of a job that is held to its limits where it runs. */
  | ({ readonly kind: 'limit' } & Breach)
) & { readonly usage?: TrainingUsage };

/** A program that runs, however it was started. */
export interface StartedJob {
  /** The process that all others of the job descend from; undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Processes from there on, each the only child of the one before, that are ours and not the job's. */
  readonly own: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ProgramEnd>;
  /** It is held to its time where it runs, which begins when it gets there. Default: false. */
  readonly timesItself?: boolean;
  /** Why its output cannot be taken, to be asked when it has ended; undefined when the files say so themselves. */
  readonly outputProblem?: string | undefined;
  /** Asks the program to end, with SIGTERM. */
  terminate(): void;
  /** Ends every process of the job at once. */
  kill(): void;
  /** Called once after `ended`: resolves when no process of the job is left. */
  clear(): Promise<void>;
}
