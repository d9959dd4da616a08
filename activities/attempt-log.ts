import { hostname } from 'node:os';
import { Context } from '@temporalio/activity';
import type { AttemptEnd, AttemptRecord, FarAttempt, Usage } from '../src/domain/attempt.js';
import type { Ref } from '../src/domain/artifact.js';
import type { MovedBytes } from '../src/stores/counting-store.js';
import {
  closedAttempts,
  newest,
  readDetails,
  type HeartbeatDetails,
  type KeptCheckpoint,
} from './heartbeat-details.js';

/** Of characters: reasons travel with every heartbeat. */
const REASON_LENGTH = 300;

const logs = new WeakMap<Context, AttemptLog>();

/**
 * What the running attempt of an activity knows of itself and of those before it. It lives in the heartbeat details: no
 * attempt costs a request of its own.
 */
export class AttemptLog {
  /** What the attempt moves between here and the store. */
  readonly moved: MovedBytes = { read: 0, written: 0 };
  /** Checkpoints that the attempts before have left, newest first; those of this one take their place. */
  checkpoints: readonly KeptCheckpoint[];
  readonly #context: Context;
  readonly #number: number;
  readonly #startedAt = new Date();
  readonly #started = performance.now();
  readonly #cpu = process.cpuUsage();
  #earlier: readonly AttemptRecord[];
  #progress: unknown;
  #from: AttemptRecord['from'];
  #log: Ref | undefined;
  #reached: number | undefined;
  #used: Pick<Usage, 'cpuSeconds' | 'peakMemoryBytes' | 'gpus'> = {};
  #elsewhere: readonly FarAttempt[] = [];
  /** What attempts before this one have counted already of what the job has used elsewhere. */
  #countedCpu = 0;

  /** The log of the activity that runs here. */
  static current(): AttemptLog {
    const context = Context.current();
    const log = logs.get(context) ?? new AttemptLog(context);
    logs.set(context, log);
    return log;
  }

  private constructor(context: Context) {
    this.#context = context;
    const before = readDetails(context.info);
    this.#earlier = closedAttempts(before);
    this.checkpoints = before.checkpoints ?? [];
    // The count begins anew when somebody resets the activity; records do not.
    this.#number = Math.max(context.info.attempt, (this.#earlier.at(-1)?.attempt ?? 0) + 1);
  }

  get number(): number {
    return this.#number;
  }

  /**
   * Whether nothing that an attempt before has left may be taken: there was none, or somebody cleared its heartbeats. Which
   * attempt it is does not tell: a reset counts anew or goes on counting, as the server likes.
   */
  get beginsAnew(): boolean {
    return this.#earlier.length === 0;
  }

  /** Tells Temporal now. It holds back what comes too often, and drops all but the newest of that. */
  beat(): void {
    this.#context.heartbeat(this.#details());
  }

  /** Tells how far the activity is. */
  progress(details: unknown): void {
    this.show(details);
    this.beat();
  }

  /** What the next heartbeat says of how far the activity is. */
  show(details: unknown): void {
    this.#progress = details;
  }

  /** What a training goes on from. */
  resumesFrom(from: NonNullable<AttemptRecord['from']>): void {
    this.#from = from;
  }

  /** A training has done so many steps in all. */
  reached(step: number): void {
    this.#reached = Math.max(step, this.#reached ?? 0);
  }

  /** An attempt before this one had done so many steps in all, though its last heartbeat did not say so. */
  hadReached(attempt: number, step: number, from?: AttemptRecord['from']): void {
    this.#earlier = this.#earlier.map((record) => {
      if (record.attempt !== attempt) return record;
      const began = { ...record, ...(from && { from }) };
      return (reachedBy(began) ?? 0) < step
        ? { ...began, steps: { done: step - (began.from?.step ?? 0), repeated: record.steps?.repeated ?? 0 } }
        : began;
    });
  }

  get from(): AttemptRecord['from'] {
    return this.#from;
  }

  /** Of the processes that the step has started. */
  uses(used: Pick<Usage, 'cpuSeconds' | 'peakMemoryBytes' | 'gpus'>): void {
    this.#used = { ...this.#used, ...used };
  }

  /**
   * All that is known of the attempts of a training on other machines, which may have begun for an attempt before this one:
   * each of ours names those that ran while it did, and counts what was used since the one before it.
   */
  elsewhere(all: readonly FarAttempt[]): void {
    const known = new Map(
      this.#earlier.flatMap((record) => record.elsewhere ?? []).map((each) => [nameOf(each), each]),
    );
    const before = all.map((each) => known.get(nameOf(each)));
    this.#countedCpu = before.reduce((sum, each) => sum + (each?.usage?.cpuSeconds ?? 0), 0);
    this.#elsewhere = all.filter((_, index) => before[index]?.end === undefined);
  }

  wrote(log: Ref): void {
    this.#log = log;
  }

  /** Attempts before this one of which no log is known. */
  get withoutLog(): readonly number[] {
    return this.#earlier.filter(({ log }) => log === undefined).map(({ attempt }) => attempt);
  }

  /** The log of an attempt before this one, which was found where it had left it. */
  hadWritten(attempt: number, log: Ref): void {
    this.#earlier = this.#earlier.map((record) => (record.attempt === attempt ? { ...record, log } : record));
  }

  /** Ends the attempt. The records of all of them, this one last. */
  close(end: AttemptEnd, reason?: string): readonly AttemptRecord[] {
    const record = { ...this.#current(), end, ...(reason !== undefined && { reason: reason.slice(0, REASON_LENGTH) }) };
    return newest([...this.#earlier, record]);
  }

  /** Ends the attempt and leaves its record for the one after it: to be called before a failure is thrown. */
  handOver(end: AttemptEnd, reason?: string): readonly AttemptRecord[] {
    const attempts = this.close(end, reason);
    const { current, ...rest } = this.#details();
    if (current) this.#context.heartbeat({ ...rest, attempts });
    return attempts;
  }

  #details(): HeartbeatDetails {
    return {
      ...(this.#progress !== undefined && { progress: this.#progress }),
      ...(this.checkpoints.length > 0 && { checkpoints: this.checkpoints }),
      current: this.#current(),
      attempts: this.#earlier,
    };
  }

  #current(): Omit<AttemptRecord, 'end'> {
    return {
      attempt: this.#number,
      worker: WORKER,
      startedAt: this.#startedAt.toISOString(),
      ...(this.#from && { from: this.#from }),
      ...(this.#reached !== undefined && { steps: this.#steps(this.#reached) }),
      ...(this.#log && { log: this.#log }),
      ...(this.#elsewhere.length > 0 && { elsewhere: this.#elsewhere }),
      usage: this.#usage(),
    };
  }

  #steps(reached: number): NonNullable<AttemptRecord['steps']> {
    const from = this.#from?.step ?? 0;
    const before = Math.max(0, ...this.#earlier.map((record) => reachedBy(record) ?? 0));
    return { done: Math.max(0, reached - from), repeated: Math.max(0, Math.min(reached, before) - from) };
  }

  #usage(): Usage {
    const { user, system } = process.cpuUsage(this.#cpu);
    const { cpuSeconds = 0, ...used } = this.#used;
    return {
      wallMs: Math.round(performance.now() - this.#started),
      cpuSeconds: Math.round((user + system) / 1e3 + Math.max(0, cpuSeconds - this.#countedCpu) * 1e3) / 1e3,
      ...used,
      bytesRead: this.moved.read,
      bytesWritten: this.moved.written,
    };
  }
}

/** As the SDK names a worker by default; that of `perennial worker` has `/perennial-worker` behind it in Temporal. */
const WORKER = `${process.pid}@${hostname()}`;

/** Steps that a training had done in all when the attempt ended, as far as is known. */
function reachedBy({ from, steps }: AttemptRecord): number | undefined {
  return steps && (from?.step ?? 0) + steps.done;
}

function nameOf({ attempt, worker, startedAt }: FarAttempt): string {
  return `${attempt} ${worker} ${startedAt}`;
}
