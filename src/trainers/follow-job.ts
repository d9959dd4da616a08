import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending } from './ending.js';
import { JobWatch, type Breach } from './job-watch.js';
import { readLines } from './line-reader.js';
import type { ProgramEnd, StartedJob } from './started-job.js';
import type { TrainingLimits, TrainingUsage } from './trainer.js';

/** How long a program that was killed may take to be gone. */
const KILL_LIMIT_MS = 10_000;
/** How long to wait for the last words after every process of the job is gone. */
const LAST_WORDS_MS = 2000;
/** The longest that Node's timers can wait, 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface FollowOptions {
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly limits: TrainingLimits;
  readonly signal: AbortSignal;
  /** What takes the lines that the program prints. */
  readonly words: { hear(line: string): void; log(line: string): void };
  /** Takes what was used so far, now and then. */
  readonly used?: (usage: TrainingUsage) => void;
}

export interface Followed {
  readonly ending: Ending;
  readonly usage: TrainingUsage;
}

/** Hears a program, holds it to time and limits, and ends it when it must. Resolves when no process of it is left. */
export async function followJob(started: StartedJob, options: FollowOptions): Promise<Followed> {
  const { words } = options;
  const heard = Promise.all([
    readLines(started.stdout, (line) => words.hear(line)),
    readLines(started.stderr, (line) => words.log(line)),
  ]);
  const watch = new JobWatch(started, options.limits, options.used);
  const ending = await firstEnding(started.ended, watch.breach, options);
  const end = await stop(started, ending, options.graceMs);
  watch.stop();
  await started.clear();
  await within(LAST_WORDS_MS, heard);
  started.stdout.destroy();
  started.stderr.destroy();
  return { ending, usage: usageOf(watch, end?.usage) };
}

function firstEnding(
  ended: Promise<ProgramEnd>,
  breach: Promise<Breach>,
  { timeoutMs, signal }: FollowOptions,
): Promise<Ending> {
  return new Promise((resolve) => {
    const finish = (ending: Ending): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(ending);
    };
    const abort = (): void => finish({ kind: 'aborted' });
    const timer = setTimeout(() => finish({ kind: 'timeout' }), Math.min(timeoutMs, LONGEST_TIMER_MS));
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    void ended.then(finish);
    void breach.then((found) => finish({ kind: 'limit', ...found }));
  });
}

/** Ends what has not ended by itself. */
async function stop(started: StartedJob, { kind }: Ending, graceMs: number): Promise<ProgramEnd | undefined> {
  if (kind === 'timeout' || kind === 'aborted') {
    started.terminate();
    await within(graceMs, started.ended);
  }
  if (kind === 'timeout' || kind === 'aborted' || kind === 'limit') started.kill();
  return await within(KILL_LIMIT_MS, started.ended);
}

function usageOf(watch: JobWatch, exact: TrainingUsage = {}): TrainingUsage {
  // The one knows each process, the other what they took together.
  const peakMemoryBytes = Math.max(exact.peakMemoryBytes ?? 0, watch.peakMemoryBytes);
  return { ...exact, ...(peakMemoryBytes > 0 && { peakMemoryBytes }) };
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(Math.min(limitMs, LONGEST_TIMER_MS), undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
