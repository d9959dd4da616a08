import type { Ref } from './artifact.js';

/** What an attempt of a step has used. Members that nobody measured are absent. */
export interface Usage {
  readonly wallMs: number;
  /** Of the worker for this step (shared with what else it did at the time), and of the processes it started. */
  readonly cpuSeconds?: number;
  /** Greatest resident memory of the processes that the step started; absent when it started none. */
  readonly peakMemoryBytes?: number;
  /** From the store and to it. */
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  readonly gpus?: number;
}

/** How an attempt of a step ended. `lost`: its worker was gone, or did not say. */
export type AttemptEnd = 'done' | 'failed' | 'cancelled' | 'shutdown' | 'paused' | 'reset' | 'timeout' | 'lost';

/** One attempt of a step, in the run record: who did it, where, and what came of it. */
export interface AttemptRecord {
  /** Counts from 1. */
  readonly attempt: number;
  /** Identity of the Temporal worker: process id and host. */
  readonly worker: string;
  readonly startedAt: string;
  readonly end: AttemptEnd;
  /** Why, in half a sentence; absent when it was done. */
  readonly reason?: string;
  /** What a training went on from; absent when it began anew. */
  readonly from?: { readonly checkpoint: Ref; readonly step: number };
  /** Steps (trees, epochs) that it did, and how many of those an attempt before had done already. */
  readonly steps?: { readonly done: number; readonly repeated: number };
  /** All that the trainer printed, capped and redacted: a blob. */
  readonly log?: Ref;
  /** Of a training that other machines do: each attempt there that this one has followed, oldest first, the newest ten. */
  readonly elsewhere?: readonly FarAttempt[];
  readonly usage: Usage;
}

/** One attempt of a training on another machine, by its own account. Its usage is in that of the attempt that followed it. */
export interface FarAttempt {
  /** Counts from 1. */
  readonly attempt: number;
  /** Process id and host, where they are known. */
  readonly worker: string;
  /** By the clock of that machine; absent when it did not say. */
  readonly startedAt?: string;
  /** `stopped`: it was asked to end. `lost`: as of ours. Absent: it went on when the attempt that followed it had ended. */
  readonly end?: 'done' | 'failed' | 'timeout' | 'stopped' | 'lost';
  readonly reason?: string;
  readonly from?: { readonly step: number };
  readonly steps?: { readonly done: number; readonly repeated: number };
  readonly usage?: Partial<Pick<Usage, 'wallMs' | 'cpuSeconds' | 'peakMemoryBytes'>>;
}

/** What is written down of a step of a run. */
export interface StepRecord {
  /** Oldest first, at most the newest twenty. */
  readonly attempts: readonly AttemptRecord[];
  /** How many there were before these, and what they used together. */
  readonly earlier?: { readonly count: number; readonly usage: Usage };
}

/** A checkpoint of a training that is whole: `manifests/checkpoint/<digest>.json`. */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  readonly schemaVersion: 1;
  /** Steps done by then. */
  readonly step: number;
  /** By path inside the checkpoint's folder. */
  readonly files: Readonly<Record<string, Ref>>;
}
