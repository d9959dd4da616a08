import { processTimes, type ProcessTimes } from './process-tree.js';

/**
 * Processor time of all processes of a job. It is never more than they took, and may be a little less. Of two counts, which
 * each leave something out, it is the greater one:
 *
 * - what the processes that run have taken, with what the ended ones whose end was waited for had taken. It leaves out those
 *   that nobody waited for (SIGCHLD is ignored).
 * - what each process that was ever seen had taken by itself when it was last seen. It leaves out what came after that, and
 *   those that came and went between two looks.
 */
export class ProcessorTime {
  readonly #running = new Map<number, ProcessTimes>();
  #ended = 0;
  #most = 0;

  /** The most that was counted so far, in seconds. */
  get seconds(): number {
    return this.#most;
  }

  /**
   * Counts again.
   * @param adopter the process of ours to which those of the job come whose parent has ended
   * @param pids the processes of the job, parents first: one that ends while we look is then left out, and not counted twice
   */
  look(adopter: number | undefined, pids: readonly number[]): number {
    let waitedFor = adopter === undefined ? 0 : (processTimes(adopter)?.children ?? 0);
    // Those whose parent has ended, where nobody adopts them, are found no more among the job's.
    for (const pid of new Set([...pids, ...this.#running.keys()])) {
      const times = this.#times(pid);
      if (times) waitedFor += times.own + times.children;
    }
    const seen = [...this.#running.values()].reduce((sum, { own }) => sum + own, this.#ended);
    this.#most = Math.max(this.#most, waitedFor, seen);
    return this.#most;
  }

  /** Undefined when it has ended, though another may have got its number. */
  #times(pid: number): ProcessTimes | undefined {
    const before = this.#running.get(pid);
    const times = processTimes(pid);
    if (before && before.began !== times?.began) {
      this.#ended += before.own;
      this.#running.delete(pid);
      return undefined;
    }
    if (times) this.#running.set(pid, times);
    return times;
  }
}
