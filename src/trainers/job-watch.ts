import { processTree, residentBytes } from './process-tree.js';
import { ProcessorTime } from './processor-time.js';
import type { StartedJob } from './started-job.js';
import type { TrainingLimits, TrainingUsage } from './trainer.js';

/** Looks are this far apart, in milliseconds: the first ones soon, for jobs that are short. */
const LOOKS_MS = [20, 50, 100];
const LOOK_MS = 200;
/** Looks after each of which it is told what was used. */
const TELL_EVERY = 10;

/** A limit of the whole job that was reached. */
export interface Breach {
  readonly limit: 'memory' | 'cpuTime' | 'processes';
  readonly allowed: number;
  readonly found: number;
}

/** Measures the processes of a job while it runs, by looking at them some times a second. */
export class JobWatch {
  /** Settles when a limit is reached, else never. */
  readonly breach: Promise<Breach>;
  readonly #limits: TrainingLimits;
  readonly #told: (usage: TrainingUsage) => void;
  readonly #processorTime = new ProcessorTime();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #peakMemoryBytes = 0;

  /** @param told takes what was used so far, every other second */
  constructor(
    { pid, own }: Pick<StartedJob, 'pid' | 'own'>,
    limits: TrainingLimits,
    told: (usage: TrainingUsage) => void = () => undefined,
  ) {
    this.#limits = limits;
    this.#told = told;
    this.breach = new Promise((resolve) => {
      if (pid !== undefined) this.#plan({ pid, own }, resolve);
    });
  }

  /** Greatest memory that all processes together were seen to take; 0 when none was seen. */
  get peakMemoryBytes(): number {
    return this.#peakMemoryBytes;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #plan(job: { readonly pid: number; readonly own: number }, breach: (breach: Breach) => void): void {
    this.#timer = setTimeout(() => {
      const tree = processTree(job.pid);
      const found = this.#look(tree[job.own - 1], tree.slice(job.own));
      if (found) breach(found);
      else this.#plan(job, breach);
    }, LOOKS_MS[this.#looks++] ?? LOOK_MS);
  }

  /** @param last of the processes that are ours */
  #look(last: number | undefined, pids: readonly number[]): Breach | undefined {
    const { memoryBytes = Infinity, processes = Infinity, cpuSeconds = Infinity } = this.#limits;
    const used = this.#processorTime.look(last, pids);
    if (pids.length > processes) return { limit: 'processes', allowed: processes, found: pids.length };
    const found = residentBytes(pids, memoryBytes);
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, found);
    if (this.#looks % TELL_EVERY === 0 && pids.length > 0)
      this.#told({ cpuSeconds: used, peakMemoryBytes: this.#peakMemoryBytes });
    if (found > memoryBytes) return { limit: 'memory', allowed: memoryBytes, found };
    return used > cpuSeconds ? { limit: 'cpuTime', allowed: cpuSeconds, found: used } : undefined;
  }
}
