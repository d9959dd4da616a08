import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Trial } from '../domain/search.js';
import { TrainerFailedError } from '../errors.js';
import { followJob } from './follow-job.js';
import { JOB_FILE, writeJobFile } from './job-file.js';
import type { StartedJob } from './started-job.js';
import { endingFailure } from './trainer-failure.js';
import { TrainerWords } from './trainer-words.js';
import type { TrialsCallbacks, TrialsJob } from './trainer.js';

/** The Python module that runs trials, and takes the path of a file. */
export const SEARCH_MODULE = 'perennial_trainer.search';

const REASON_LENGTH = 500;
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Runs trials in as few programs as it takes: one, and another after each trial that took its program down with it, or took
 * longer than a trial may. Where processor time is limited each trial has a program of its own: it is counted by program.
 *
 * @param start starts {@link SEARCH_MODULE} in the job's folder with the name of a file
 * @throws TrainerFailedError when a program ends badly without having begun a trial
 */
export async function runTrials(
  job: TrialsJob,
  callbacks: TrialsCallbacks,
  start: (file: string) => Promise<StartedJob>,
): Promise<void> {
  const until = performance.now() + job.seconds * 1000;
  await writeJobFile(job.job);
  const known = [...job.known];
  const trial = (each: Trial): void => {
    known.push(each);
    callbacks.trial(each);
  };
  for (let rest = job.trials; rest.length > 0;) {
    const seconds = Math.max(0, (until - performance.now()) / 1000);
    const before = known.length;
    const trials = job.job.limits.cpuSeconds === undefined ? rest : rest.slice(0, 1);
    await runProgram({ ...job, trials, known: [...known], seconds }, { ...callbacks, trial }, start);
    const ended = new Set(known.slice(before).map(({ number }) => number));
    if (ended.size === 0) throw nothingDone(job);
    rest = rest.filter(({ number }) => !ended.has(number));
    if (performance.now() >= until) return;
  }
}

async function runProgram(
  job: TrialsJob,
  { signal, trial, log }: TrialsCallbacks,
  start: (file: string) => Promise<StartedJob>,
): Promise<void> {
  const files = await writeSearch(job);
  const results = new Results(path.join(job.job.folder, files.results));
  let logged: number | undefined;
  const words = new TrainerWords({
    progress: () => undefined,
    secrets: job.job.secrets,
    ...(log && { log: (line) => log(line, logged) }),
  });
  const running = new RunningTrial(job.job.timeoutMs);
  let taken = Promise.resolve();
  const hear = (line: string): void => {
    const said = trialLine(line);
    if (said === undefined) return words.hear(line);
    if (said.state === 'running') return running.begin(said.trial);
    running.end();
    taken = taken.then(async () => (await results.read()).forEach(trial));
    // Whoever waits for the end hears of it.
    taken.catch(() => undefined);
  };
  // The log is a stream of its own, and so says for itself where a trial begins.
  const hearLog = (line: string): void => {
    const said = trialLine(line);
    if (said === undefined) words.log(line);
    else logged = said.trial;
  };
  try {
    const { ending, usage } = await followJob(await start(files.search), {
      ...job.job,
      timeoutMs: FOREVER_MS,
      signal: AbortSignal.any([signal, running.signal]),
      words: { hear, log: hearLog },
    });
    await taken;
    signal.throwIfAborted();
    const number = running.number;
    const overtime = running.signal.aborted ? `it did not end within ${job.job.timeoutMs / 1000} s` : undefined;
    const failed = endingFailure(job.job, ending, words, usage);
    if (failed && (number === undefined || failed.next !== 'fail')) throw failed;
    const reason = overtime ?? failed?.message;
    if (number === undefined || reason === undefined) return;
    const parameters = job.trials.find((each) => each.number === number)?.parameters ?? {};
    trial({ number, state: 'failed', parameters, reason: reason.slice(0, REASON_LENGTH), seconds: running.seconds });
  } finally {
    running.end();
    await taken;
    words.end();
  }
}

/** Writes what the program reads, and says under which names. */
async function writeSearch({ job, study, trials, known, seconds, what }: TrialsJob) {
  const stem = `search-${trials[0]?.number ?? 0}`;
  const files = { search: `${stem}.json`, known: `${stem}-known.jsonl`, results: `${stem}-trials.jsonl` };
  const { sampler, space, fixed, seed, metric, direction, pruner } = study;
  const content = {
    schemaVersion: 1,
    what,
    job: JOB_FILE,
    known: files.known,
    results: files.results,
    seconds,
    study: { sampler, space, fixed, seed, metric, direction, pruner },
    trials,
  };
  await Promise.all([
    writeFile(path.join(job.folder, files.known), known.map((trial) => `${JSON.stringify(trial)}\n`).join('')),
    writeFile(path.join(job.folder, files.results), ''),
    writeFile(path.join(job.folder, files.search), JSON.stringify(content)),
  ]);
  return files;
}

/**
 * `{"trial": 3, "state": "running"}` on standard output, and in the log when one begins; the program is ours, but what its
 * libraries print may look like anything.
 */
function trialLine(line: string): { readonly trial: number; readonly state: string } | undefined {
  const match = /^\{"trial": ?(\d+), ?"state": ?"(\w+)"\}$/.exec(line);
  return match ? { trial: Number(match[1]), state: match[2] ?? '' } : undefined;
}

/** The file to which the program appends a line for each trial, read as it grows. */
class Results {
  readonly #file: string;
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** The trials since the last time. */
  async read(): Promise<Trial[]> {
    const handle = await open(this.#file);
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.max(0, size - this.#offset));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#offset);
      const whole = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(10) + 1);
      this.#offset += whole.length;
      const lines = whole.toString('utf8').split('\n').filter(Boolean);
      // Written by our module, line by line, in this shape.
      return lines.map((line) => JSON.parse(line) as Trial);
    } finally {
      await handle.close();
    }
  }
}

/** The trial that a program is at; its signal aborts when it takes too long. */
class RunningTrial {
  number: number | undefined;
  readonly #timeoutMs: number;
  readonly #late = new AbortController();
  #began = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  get seconds(): number {
    return Math.round(performance.now() - this.#began) / 1000;
  }

  begin(number: number): void {
    this.number = number;
    this.#began = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#late.abort(), Math.min(this.#timeoutMs, FOREVER_MS));
  }

  end(): void {
    this.number = undefined;
    clearTimeout(this.#timer);
  }
}

function nothingDone({ job }: TrialsJob): TrainerFailedError {
  return new TrainerFailedError(`search with "${job.estimator}": the program ended without having run a trial`, {
    fix: 'Make the environment of perennial_trainer anew: perennial doctor',
  });
}
