import type { ElsewhereResult } from '../domain/elsewhere.js';
import type { FarAttempt } from '../domain/attempt.js';
import type { CleanText } from './clean-text.js';
import type { TrainingUsage } from './trainer.js';

const WORKER_LENGTH = 200;
const REASON_LENGTH = 300;
/** A record holds the newest; what the ones before have used is still counted. */
const MOST_SHOWN = 10;
const LOST = 'its worker was gone, or nothing was heard of it';

type Said = Readonly<Record<string, unknown>>;
type Known = { -readonly [K in keyof FarAttempt]: FarAttempt[K] } & { reached?: number };

/** What is known of the attempts of a job on other machines: from the lines that these put into their report. */
export class FarAttempts {
  readonly #clean: CleanText;
  readonly #all: Known[] = [];

  constructor(clean: CleanText) {
    this.#clean = clean;
  }

  /** The newest of them, oldest first. */
  get shown(): readonly FarAttempt[] {
    return this.#all.slice(-MOST_SHOWN).map(({ reached, ...attempt }) => {
      const before = Math.max(0, ...this.#all.filter((each) => each.attempt < attempt.attempt).map(reachedBy));
      const from = attempt.from?.step ?? 0;
      if (reached === undefined) return attempt;
      const repeated = Math.max(0, Math.min(reached, before) - from);
      return { ...attempt, steps: { done: Math.max(0, reached - from), repeated } };
    });
  }

  /** What all of them have used. */
  get usage(): TrainingUsage {
    const used = this.#all.map(({ usage }) => usage ?? {});
    const cpuSeconds = used.flatMap((each) => each.cpuSeconds ?? []);
    const peaks = used.flatMap((each) => each.peakMemoryBytes ?? []);
    return {
      ...(cpuSeconds.length > 0 && { cpuSeconds: cpuSeconds.reduce((sum, each) => sum + each, 0) }),
      ...(peaks.length > 0 && { peakMemoryBytes: Math.max(...peaks) }),
    };
  }

  /** Takes a line of the report. Whether it was of an attempt itself, and not of the trainer. */
  hear(line: Said): boolean {
    const { far, step } = line;
    if (!isObject(far)) {
      const last = this.#all.at(-1);
      if (last && isCount(step)) last.reached = Math.max(step, last.reached ?? 0);
      return false;
    }
    if (isObject(far['begun'])) this.#begin(far['begun']);
    else if (isObject(far['used'])) this.#use(far['used']);
    else if (typeof far['over'] === 'string') this.#end(far['over'] === 'stopped' ? 'stopped' : 'failed', far['why']);
    return true;
  }

  /** The job is over, with what was handed back of it; with nothing, when whoever did it last did not say how it ended. */
  end(result: ElsewhereResult | undefined): void {
    if (!result) {
      this.#end('lost', LOST);
      return;
    }
    // Who says nothing of its attempts may still say where it was.
    if (this.#all.length === 0 && result.host !== undefined) this.#begin({ worker: result.host });
    if (isObject(result.usage)) this.#use(result.usage);
    this.#end(...endOf(result));
  }

  #begin({ worker, at, from }: Said): void {
    this.#end('lost', LOST);
    const startedAt = typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? new Date(at).toISOString() : undefined;
    this.#all.push({
      attempt: this.#all.length + 1,
      worker: typeof worker === 'string' ? this.#clean(worker, WORKER_LENGTH) : 'unknown',
      ...(startedAt !== undefined && { startedAt }),
      ...(isCount(from) && { from: { step: from } }),
    });
  }

  #use({ wallMs, cpuSeconds, peakMemoryBytes }: Said): void {
    const last = this.#all.at(-1);
    if (!last) return;
    last.usage = {
      ...last.usage,
      ...(isAmount(wallMs) && { wallMs }),
      ...(isAmount(cpuSeconds) && { cpuSeconds }),
      ...(isAmount(peakMemoryBytes) && { peakMemoryBytes }),
    };
  }

  #end(end: NonNullable<FarAttempt['end']>, why?: unknown): void {
    const last = this.#all.at(-1);
    if (!last || last.end !== undefined) return;
    last.end = end;
    if (typeof why === 'string') last.reason = this.#clean(why, REASON_LENGTH);
  }
}

function endOf({ ending, limit, problem }: ElsewhereResult): [end: NonNullable<FarAttempt['end']>, reason?: string] {
  if (ending.kind === 'timeout') return ['timeout', 'its time was up'];
  if (limit) return ['failed', `it went over trainer.limits.${limit.limit}`];
  if (ending.kind === 'signal') return ['failed', `it was ended by ${ending.signal}`];
  if (ending.code !== 0) return ['failed', `it exited with code ${ending.code}`];
  return problem === undefined ? ['done'] : ['failed', problem];
}

function reachedBy({ from, reached }: Known): number {
  return reached ?? from?.step ?? 0;
}

function isObject(value: unknown): value is Said {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
