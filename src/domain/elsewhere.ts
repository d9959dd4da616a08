import { checkedSegment, type Ref, type Sha256 } from './artifact.js';

/** Where a program on another machine takes an object: its address, and what it must be. */
export type Addressed = Omit<Ref, 'key'> & { readonly url: string };

/** What the workflow of a training elsewhere is asked: no data, no settings, only where the order is. */
export interface ElsewhereInput {
  /** Type of the activity, and the task queue on which somebody offers it. */
  readonly activity: string;
  readonly taskQueue: string;
  /** For people. */
  readonly name: string;
  /**
   * The one argument of the activity: where the job is described. Its address lets anybody read that, for a time and only
   * while the training is under way; it is all that is in the history.
   */
  readonly order: Addressed;
  /** Wall time of the trainer, in milliseconds. */
  readonly timeoutMs: number;
  /** How long the order can be fetched, in milliseconds from the start. */
  readonly validMs: number;
}

/** What the far side hands back when the trainer has ended, whichever way. */
export interface ElsewhereResult {
  readonly ending:
    | { readonly kind: 'exit'; readonly code: number }
    | { readonly kind: 'signal'; readonly signal: string }
    | { readonly kind: 'timeout' };
  /** Of the files of the output that were uploaded, by name. */
  readonly files?: Readonly<Record<string, { readonly sha256: Sha256; readonly bytes: number }>>;
  /** Why the output cannot be taken, when the trainer left none that could be uploaded. */
  readonly problem?: string;
  /** The limit of the whole job that was reached, for which it was killed. */
  readonly limit?: {
    readonly limit: 'memory' | 'cpuTime' | 'processes';
    readonly allowed: number;
    readonly found: number;
  };
  readonly usage?: { readonly cpuSeconds?: number; readonly peakMemoryBytes?: number };
  /** Name of the machine. */
  readonly host?: string;
  /** Digest of the code's lock, when what it pins was installed there for the job, and the version of its Python. */
  readonly lock?: Sha256;
  readonly python?: string;
}

/** Names one job to the system that does it elsewhere: the same for every attempt of it, another for other content. */
export function elsewhereId(name: string, content: Sha256): string {
  return `perennial/elsewhere/${name}/${content.slice(0, 16)}`;
}

/** Key prefix of what one submission of a job takes and leaves. */
export function stagingPrefix(content: Sha256, submission: string): string {
  return `staging/elsewhere/${checkedSegment(content.slice(0, 16))}/${checkedSegment(submission)}/`;
}
