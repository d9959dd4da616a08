import { TrainerFailedError, TrainerHostError, TrainerTimeoutError, type PerennialError } from '../errors.js';
import type { Ending } from './ending.js';
import { limitReached } from './limit-failure.js';
import { redact } from './redact.js';
import type { TrainerWords } from './trainer-words.js';
import type { TrainingJob, TrainingUsage } from './trainer.js';

/** Exit code of a program that was killed with SIGKILL, as a shell or a container reports it. */
const KILLED = 137;
const PROBLEM_LENGTH = 500;

/** The error for a trainer that ended in any way but with exit code 0. `undefined`: it ended well. */
export function endingFailure(
  job: TrainingJob,
  ending: Ending,
  words: TrainerWords,
  usage: TrainingUsage = {},
): PerennialError | undefined {
  if (ending.kind === 'aborted' || (ending.kind === 'exit' && ending.code === 0)) return undefined;
  const limit = limitReached(job.limits, ending, words, usage);
  if (limit) return failure(job, words, limit.found, limit.fix, { ...limit.details, ...codeOf(ending) });
  switch (ending.kind) {
    case 'not-started':
      return failure(job, words, `it could not be started: ${ending.reason}`, CHECK_COMMAND);
    case 'lost':
      return lost(job, ending.reason, words);
    case 'timeout':
      return timeout(job, words);
    case 'signal':
      return failure(job, words, ...bySignal(ending.signal), codeOf(ending));
    case 'exit':
      return byCode(job, ending.code, words);
    case 'limit':
      throw new RangeError(`no limit of the name ${ending.limit}`);
  }
}

/** The error for a program that is not there. */
export function missingProgram(job: TrainingJob, program: string): TrainerFailedError {
  const details = { program };
  return new TrainerFailedError(`${attempt(job)}: there is no program "${program}"`, { fix: CHECK_COMMAND, details });
}

/** The error for an entry that the code bundle does not have. */
export function missingEntry(job: TrainingJob, entry: string): TrainerFailedError {
  return new TrainerFailedError(`${attempt(job)}: there is no file "${entry}" in the code bundle`, {
    fix: 'check trainer.entry in the spec: it is a path inside the folder that trainer.code names',
    details: { entry },
  });
}

/** The error for a trainer that exits with 0 and leaves nothing usable. */
export function outputFailure(job: TrainingJob, problem: string, words: TrainerWords): TrainerFailedError {
  // It quotes what the trainer wrote.
  const found = `it exited with 0, but ${words.clean(problem, PROBLEM_LENGTH)}`;
  return failure(job, words, found, 'make the trainer leave what the job contract wants: python/README.md', {
    exitCode: 0,
  });
}

const CHECK_COMMAND = 'check trainer.command in the spec, and that the program is installed where the worker runs';
const READ_LOG = 'read its log (perennial logs MODEL RUN), correct it and run again';
const LESS_MEMORY = 'give the machine more memory, or lower split.maxTrainRows in the spec';

function codeOf(ending: Ending): Readonly<Record<string, unknown>> {
  if (ending.kind === 'signal') return { signal: ending.signal };
  return ending.kind === 'exit' ? { exitCode: ending.code } : {};
}

function byCode(job: TrainingJob, code: number, words: TrainerWords): TrainerFailedError {
  if (words.error !== undefined) {
    const details = { exitCode: code, reported: words.error.code };
    return failure(job, words, words.error.message, 'correct what the trainer names and run again', details);
  }
  if (code === KILLED)
    return failure(job, words, `it was killed (exit code ${code}), most likely for want of memory`, LESS_MEMORY, {
      exitCode: code,
    });
  return failure(job, words, `it exited with code ${code} and gave no reason${lastWords(words)}`, READ_LOG, {
    exitCode: code,
  });
}

function bySignal(signal: NodeJS.Signals): [found: string, fix: string] {
  if (signal === 'SIGKILL')
    return [`it was killed by SIGKILL (${KILLED}), most likely for want of memory`, LESS_MEMORY];
  return [`it was ended by ${signal}`, READ_LOG];
}

function timeout(job: TrainingJob, words: TrainerWords): TrainerTimeoutError {
  return new TrainerTimeoutError(`${attempt(job)}: it did not end within ${job.timeoutMs / 1000} s and was ended`, {
    fix: 'raise trainer.timeout in the spec, or train on fewer rows (split.maxTrainRows)',
    details: { timeoutMs: job.timeoutMs, log: words.tail },
  });
}

function lost(job: TrainingJob, reason: string, words: TrainerWords): TrainerHostError {
  return new TrainerHostError(`${attempt(job)}: ${reason}`, {
    fix: 'nothing: it is tried again; if it stays, look whether the machine runs out of memory',
    details: { log: words.tail },
  });
}

function failure(
  job: TrainingJob,
  words: TrainerWords,
  found: string,
  fix: string,
  details: Readonly<Record<string, unknown>> = {},
): TrainerFailedError {
  return new TrainerFailedError(`${attempt(job)}: ${found}`, { fix, details: { ...details, log: words.tail } });
}

function attempt(job: TrainingJob): string {
  if (job.command === undefined) return `train with "${job.entry ?? job.estimator}"`;
  // People put tokens into command lines, and whole programs.
  const command = redact(job.command.join(' ').replaceAll(/\s+/g, ' '));
  return `train with "${command.length > 100 ? `${command.slice(0, 100)}...` : command}"`;
}

function lastWords(words: TrainerWords): string {
  const last = words.tail.findLast((line) => line.trim() !== '');
  return last === undefined ? '' : `; its last words: ${last.slice(0, 300)}`;
}
