import type { Ending } from './ending.js';
import type { JobUsage } from './started-job.js';
import type { TrainerWords } from './trainer-words.js';
import type { TrainingLimits } from './trainer.js';

/** A limit of the spec that ended a job, as far as can be known. */
export interface LimitReached {
  /** Half a sentence: the limit and what was found. */
  readonly found: string;
  readonly fix: string;
  readonly details: Readonly<Record<string, unknown>>;
}

type LimitName = 'memory' | 'cpuTime' | 'fileSize' | 'openFiles' | 'processes';

const OUT_OF_MEMORY = /MemoryError|bad_alloc|ENOMEM|[Cc]annot allocate memory|[Oo]ut of memory|Allocation failed/;
const FILE_TOO_LARGE = /File too large|EFBIG|File size limit exceeded/;
const TOO_MANY_FILES = /Too many open files|EMFILE/;

/** The limit because of which a job ended as it did; undefined when it was none. */
export function limitReached(
  limits: TrainingLimits,
  ending: Ending,
  words: TrainerWords,
  usage: JobUsage,
): LimitReached | undefined {
  if (ending.kind === 'limit') {
    return ending.limit === 'memory'
      ? reached('memory', mebibytes(ending.allowed), `its processes took ${mebibytes(ending.found)}`, ending)
      : reached('processes', String(ending.allowed), `it had ${ending.found} processes`, ending);
  }
  if (ending.kind !== 'exit' && ending.kind !== 'signal') return undefined;
  const { memoryBytes, cpuSeconds, fileBytes, openFiles } = limits;
  const signal = ending.kind === 'signal' ? ending.signal : undefined;
  const said = [words.error?.message ?? '', ...words.tail].join('\n');
  const used = usage.cpuSeconds ?? 0;
  if (cpuSeconds !== undefined && (signal === 'SIGXCPU' || (signal === 'SIGKILL' && used >= cpuSeconds)))
    return reached('cpuTime', `${cpuSeconds} s`, 'it used up its processor time');
  if (fileBytes !== undefined && (signal === 'SIGXFSZ' || FILE_TOO_LARGE.test(said)))
    return reached('fileSize', mebibytes(fileBytes), 'it wrote a file that is larger');
  if (openFiles !== undefined && TOO_MANY_FILES.test(said))
    return reached('openFiles', String(openFiles), 'it opened more files at once');
  if (memoryBytes !== undefined && (OUT_OF_MEMORY.test(said) || words.error?.code === 'TRAINER.MEMORY'))
    return reached('memory', mebibytes(memoryBytes), `a process of it asked for more${peak(usage)}`);
  return undefined;
}

function peak({ peakMemoryBytes }: JobUsage): string {
  return peakMemoryBytes === undefined ? '' : ` (${mebibytes(peakMemoryBytes)} were seen in use)`;
}

function reached(name: LimitName, allowed: string, found: string, more: Partial<Breached> = {}): LimitReached {
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

interface Breached {
  readonly allowed: number;
  readonly found: number;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 30 ? 1 : 0)} MiB`;
}
