import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ElsewhereResult } from '../domain/elsewhere.js';
import { ArtifactMissingError, PerennialError, TrainerHostError } from '../errors.js';
import { textCleaner } from './clean-text.js';
import { FarAttempts } from './far-attempts.js';
import { handOver } from './handed-over.js';
import { OUTPUT_FOLDER } from './job-file.js';
import { OUTPUTS } from './remote-order.js';
import { RemoteReport } from './remote-report.js';
import type { RemoteTransfers } from './remote-transfers.js';
import { runJob } from './run-job.js';
import type { ProgramEnd, StartedJob } from './started-job.js';
import type { LockedEnvironment, TrainerCallbacks, TrainingJob, TrainingOutput } from './trainer.js';

/** A job that was submitted to a system that does it elsewhere. */
export interface Submitted {
  /** Where in the store it takes its order and leaves what it makes. */
  readonly prefix: string;
  /**
   * Settles when the job is over: with what it handed back, or nothing when that is in its report, or was not to be.
   * @param left when it is aborted nobody waits any more
   * @throws a typed error when it could not be done
   */
  ended(left: AbortSignal): Promise<ElsewhereResult | undefined>;
  /** Asks it to end; `ended` settles then. Safe to repeat. */
  stop(): Promise<void>;
  /** What it waits for, to be shown as long as nothing was heard of it; undefined when it runs. */
  waitsFor?(): Promise<string | undefined>;
}

const POLL_MS = 500;
/** Short jobs are not made long by waiting for word of them. */
const FIRST_POLLS = 30;
const FIRST_POLL_MS = 100;
const ASK_EVERY_MS = 2000;
/** How long the far side may take to end a job beyond its grace: to notice, and to store a last checkpoint. */
const STOP_MS = 60_000;

/**
 * Runs a job elsewhere as if it were here: what it says is heard, its checkpoints are kept and its output is checked in the
 * very same way. When this attempt alone is over, as when the worker shuts down, the job goes on.
 *
 * @throws what `runJob` throws, and the typed errors of {@link Submitted.ended}
 */
export async function runRemoteJob(
  job: TrainingJob,
  callbacks: TrainerCallbacks,
  transfers: RemoteTransfers,
  submit: () => Promise<Submitted>,
): Promise<TrainingOutput> {
  let remote: RemoteJob | undefined;
  try {
    const output = await runJob(job, callbacks, async () => {
      remote = new RemoteJob(job, callbacks, transfers, await submit());
      return remote;
    });
    return remote?.locked ? { ...output, locked: remote.locked } : output;
  } catch (error) {
    throw callbacks.signal.aborted ? error : (remote?.failure ?? error);
  }
}

class RemoteJob implements StartedJob {
  readonly pid = undefined;
  readonly own = 0;
  readonly timesItself = true;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly ended: Promise<ProgramEnd>;
  /** Why the job could not be done there. */
  failure: PerennialError | undefined;
  outputProblem: string | undefined;
  locked: LockedEnvironment | undefined;
  readonly #job: TrainingJob;
  readonly #callbacks: TrainerCallbacks;
  readonly #far: FarAttempts;
  readonly #handedOver: () => Promise<boolean>;
  readonly #transfers: RemoteTransfers;
  readonly #submitted: Submitted;
  readonly #report: RemoteReport;
  readonly #left = new AbortController();
  #pauses = 0;
  #leaving: Promise<boolean> | undefined;

  constructor(job: TrainingJob, callbacks: TrainerCallbacks, transfers: RemoteTransfers, submitted: Submitted) {
    this.#job = job;
    this.#callbacks = callbacks;
    this.#far = new FarAttempts(textCleaner(job.secrets));
    this.#handedOver = handOver(callbacks.signal);
    this.#transfers = transfers;
    this.#submitted = submitted;
    this.#report = new RemoteReport({
      transfers,
      job,
      prefix: submitted.prefix,
      say: (line) => this.stdout.write(`${line}\n`),
      log: (line) => this.stderr.write(`${line}\n`),
      attempts: this.#far,
    });
    this.ended = this.#follow().catch((error: unknown) => this.#fail(error));
  }

  terminate(): void {
    this.#leaving ??= this.#stopOrLeave();
  }

  /** The far side kills it when its grace is over. */
  kill(): void {
    this.terminate();
  }

  async clear(): Promise<void> {
    const goesOn = await this.#leaving;
    const late = sleep(this.#job.graceMs + STOP_MS, undefined, { signal: this.#left.signal }).catch(() => undefined);
    await Promise.race([this.ended, late]);
    this.#left.abort();
    this.stdout.end();
    this.stderr.end();
    // What cannot be removed now expires: nobody can use its addresses for long.
    if (!goesOn) await this.#transfers.remove(this.#submitted.prefix).catch(() => undefined);
  }

  /** Whether the job was left to go on. */
  async #stopOrLeave(): Promise<boolean> {
    const goesOn = await this.#handedOver();
    if (goesOn) this.#left.abort();
    else void this.#stop();
    return goesOn;
  }

  async #stop(): Promise<void> {
    while (!this.#left.signal.aborted) {
      const asked = await this.#submitted.stop().then(
        () => true,
        () => false,
      );
      if (asked) return;
      await this.#pause();
    }
  }

  async #follow(): Promise<ProgramEnd> {
    const ended = this.#submitted.ended(this.#left.signal).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    const over = await this.#listenUntil(ended);
    // Who stops waiting for it has an error, too.
    const isLeft = !over || ('error' in over && this.#left.signal.aborted);
    if (isLeft) return { kind: 'lost', reason: 'it goes on without this worker' };
    await this.#report.read();
    const result = 'error' in over ? undefined : (over.result ?? this.#report.result);
    this.#far.end(result);
    this.#tellOfAttempts();
    if ('error' in over) throw over.error;
    return await this.#take(result);
  }

  /** What `ended` gives; undefined when the job is left to itself. */
  async #listenUntil<T extends object>(ended: Promise<T>): Promise<T | undefined> {
    for (let asked = 0; !this.#left.signal.aborted;) {
      await this.#listen();
      if (!this.#report.hasBegun && Date.now() - asked > ASK_EVERY_MS) {
        asked = Date.now();
        await this.#showWaiting();
      }
      const over = await Promise.race([ended, this.#pause()]);
      if (over) return over;
    }
    return undefined;
  }

  async #take(result: ElsewhereResult | undefined): Promise<ProgramEnd> {
    if (!result) return { kind: 'lost', reason: 'it ended elsewhere without a word' };
    const { ending, files = {}, problem, limit, usage = {} } = result;
    // All attempts there were paid for.
    const used = { usage: { ...usage, ...this.#far.usage } };
    this.outputProblem = problem;
    this.locked = lockedIn(result, this.#job);
    if (ending.kind === 'timeout') return { kind: 'timeout', ...used };
    if (limit) return { kind: 'limit', ...limit, ...used };
    if (ending.kind === 'signal') return { kind: 'signal', signal: ending.signal as NodeJS.Signals, ...used };
    if (ending.code === 0 && problem === undefined) await this.#takeOutput(files);
    return { kind: 'exit', code: ending.code, ...used };
  }

  async #takeOutput(files: NonNullable<ElsewhereResult['files']>): Promise<void> {
    const folder = path.join(this.#job.folder, OUTPUT_FOLDER);
    await mkdir(folder, { recursive: true });
    for (const [name, mostBytes] of Object.entries(OUTPUTS)) {
      const file = files[name];
      if (!file) continue;
      if (!(file.bytes <= mostBytes)) {
        this.outputProblem = `${OUTPUT_FOLDER}/${name} has ${file.bytes} bytes, and at most ${mostBytes} are taken`;
        return;
      }
      const ref = { key: `${this.#submitted.prefix}${name}`, sha256: file.sha256, bytes: file.bytes };
      await this.#transfers.take(ref, path.join(folder, name)).catch((error: unknown) => {
        if (!(error instanceof ArtifactMissingError)) throw error;
        throw new TrainerHostError('Cannot train elsewhere: another attempt has taken what was made', { cause: error });
      });
    }
  }

  async #listen(): Promise<void> {
    try {
      await this.#report.read();
      this.#tellOfAttempts();
    } catch (error) {
      // The store is away for a while: what was said then is read later.
      if (!(error instanceof PerennialError && error.next === 'retry')) throw error;
    }
  }

  #tellOfAttempts(): void {
    const { shown, usage } = this.#far;
    if (shown.length > 0) this.#callbacks.elsewhere?.(shown);
    if (Object.keys(usage).length > 0) this.#callbacks.usage?.(usage);
  }

  async #showWaiting(): Promise<void> {
    const what = await this.#submitted.waitsFor?.().catch(() => undefined);
    if (what !== undefined) this.stdout.write(`${JSON.stringify({ progress: 0, message: what })}\n`);
  }

  #fail(error: unknown): ProgramEnd {
    if (error instanceof PerennialError) this.failure = error;
    const reason = error instanceof Error ? error.message : String(error);
    this.failure ??= new TrainerHostError(`Cannot train elsewhere: ${reason}`, { cause: error });
    return { kind: 'lost', reason };
  }

  #pause(): Promise<void> {
    const ms = this.#pauses++ < FIRST_POLLS ? FIRST_POLL_MS : POLL_MS;
    return sleep(ms, undefined, { signal: this.#left.signal }).catch(() => undefined);
  }
}

/** What the far side says of the environment, when that can be so. */
function lockedIn({ lock, python }: ElsewhereResult, { code }: TrainingJob): LockedEnvironment | undefined {
  if (lock === undefined || lock !== code?.lock?.sha256) return undefined;
  return typeof python === 'string' && /^\d{1,3}(\.\d{1,5}){2}[\w.+]{0,20}$/.test(python)
    ? { lock, python }
    : undefined;
}
