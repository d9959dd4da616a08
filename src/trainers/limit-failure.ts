import type { Ending } from './ending.js';
import type { Breach } from './job-watch.js';
import type { TrainerWords } from './trainer-words.js';
import type { TrainingLimits, TrainingUsage } from './trainer.js';

/** A limit of the spec that ended a job, as far as can be known. */
export interface LimitReached {
  /** Half a sentence: the limit and what was found. */
  readonly found: string;
  readonly fix: string;
  readonly details: Readonly<Record<string, unknown>>;
}

type LimitName = 'memory' | 'cpuTime' | 'fileSize' | 'openFiles' | 'processes';

const OUT_OF_MEMORY = /MemoryError|bad_alloc|ENOMEM|[Cc]annot allocate|[Oo]ut of memory|Allocation failed/;
/** Of a log, in which a program says why it ends; some show their stack after that. */
const LAST_LINES = 3;
/** From this share of its limit on, what a program printed about memory long before its end counts as well. */
const NEAR = 0.8;
const USED_UP = 'it used up its processor time';
const FILE_TOO_LARGE = /File too large|EFBIG|File size limit exceeded/;
const TOO_MANY_FILES = /Too many open files|EMFILE/;

/** The limit because of which a job ended as it did; undefined when it was none. */
export function limitReached(
  limits: TrainingLimits,
  ending: Ending,
  words: TrainerWords,
  usage: TrainingUsage,
): LimitReached | undefined {
  if (ending.kind === 'limit') return breached(ending);
  if (ending.kind !== 'exit' && ending.kind !== 'signal') return undefined;
  const { memoryBytes, cpuSeconds, fileBytes, openFiles } = limits;
  const signal = ending.kind === 'signal' ? ending.signal : undefined;
  // What came before was got over.
  const said = [words.error?.message ?? '', ...words.tail.filter((line) => line.trim() !== '').slice(-LAST_LINES)].join(
    '\n',
  );
  const used = usage.cpuSeconds ?? 0;
  if (cpuSeconds !== undefined && (signal === 'SIGXCPU' || (signal === 'SIGKILL' && used >= cpuSeconds)))
    return reached('cpuTime', `${cpuSeconds} s`, USED_UP);
  if (fileBytes !== undefined && (signal === 'SIGXFSZ' || FILE_TOO_LARGE.test(said)))
    return reached('fileSize', mebibytes(fileBytes), 'it wrote a file that is larger');
  if (openFiles !== undefined && TOO_MANY_FILES.test(said))
    return reached('openFiles', String(openFiles), 'it opened more files at once');
  if (memoryBytes !== undefined && wantedMemory(memoryBytes, said, words, usage))
    return reached('memory', mebibytes(memoryBytes), `a process of it asked for more${peak(usage)}`);
  return undefined;
}

function breached(breach: Breach): LimitReached {
  const { limit, allowed, found } = breach;
  switch (limit) {
    case 'memory':
      return reached(limit, mebibytes(allowed), `its processes took ${mebibytes(found)}`, breach);
    case 'cpuTime':
      return reached(limit, `${allowed} s`, USED_UP, breach);
    case 'processes':
      return reached(limit, String(allowed), `it had ${found} processes`, breach);
  }
}

/** A program that asks for more than there is may have taken little until then. */
function wantedMemory(limit: number, said: string, { error, tail }: TrainerWords, usage: TrainingUsage): boolean {
  if (error?.code === 'TRAINER.MEMORY' || OUT_OF_MEMORY.test(said)) return true;
  return (usage.peakMemoryBytes ?? 0) > NEAR * limit && OUT_OF_MEMORY.test(tail.join('\n'));
}

function peak({ peakMemoryBytes }: TrainingUsage): string {
  return peakMemoryBytes === undefined ? '' : ` (${mebibytes(peakMemoryBytes)} were seen in use)`;
}

function reached(name: LimitName, allowed: string, found: string, more: Partial<Breach> = {}): LimitReached {
  return {
    found: `${found}, and may not go over ${allowed} (trainer.limits.${name})`,
    fix: `raise trainer.limits.${name} in the spec, or let the trainer need less`,
    details: {
      limit: name,
      ...(more.allowed !== undefined && { allowed: more.allowed }),
      ...(more.found !== undefined && { found: more.found }),
    },
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 30 ? 1 : 0)} MiB`;
}
