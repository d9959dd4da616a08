import type { Needs } from '../domain/resources.js';
import { ResourcesTooLargeError } from '../errors.js';
import { amountText, lackText } from './words.js';

/** What a training holds until it releases it. */
export interface Lease {
  /** The GPUs that are its own, by the names that CUDA knows them under. */
  readonly gpus: readonly string[];
  /** Gives everything back. Safe to call twice. */
  release(): void;
}

export interface AcquireOptions {
  readonly signal: AbortSignal;
  /** Lower goes first. Default: 3. */
  readonly priority?: number;
  /** Told when it has to wait, and again when what it waits for changes. */
  waits?(reason: string): void;
}

/** What a budget holds, and the class of worker that it is said of. */
export interface BudgetOptions extends Needs {
  /** For messages. Default: cpu. */
  readonly class?: string;
  /** Names of the GPUs, `gpus` of them. Default: 0, 1, ... */
  readonly gpuNames?: readonly string[];
}

/**
 * What a worker has, handed out to trainings so that no more is out than there is. Who waits is served in order: by priority,
 * then by arrival; nobody overtakes one that needs more.
 */
export class ResourceBudget {
  readonly total: Needs;
  readonly #class: string;
  readonly #gpus: readonly string[];
  readonly #leases = new Set<Needs & { readonly names: readonly string[] }>();
  readonly #waiting: Waiter[] = [];
  readonly #listeners = new Set<() => void>();
  #usual: Needs;
  #inside = 0;

  constructor({ cpus, memoryBytes, gpus, gpuNames, class: name = 'cpu' }: BudgetOptions) {
    this.total = { cpus, memoryBytes, gpus };
    this.#class = name;
    this.#gpus = gpuNames ?? Array.from({ length: gpus }, (_, index) => String(index));
    // Until one has come: a training of one processor, and of a GPU where there are some.
    this.#usual = { cpus: Math.min(1, cpus), memoryBytes: 0, gpus: Math.min(1, gpus) };
  }

  get free(): Needs {
    const used = (amount: (needs: Needs) => number) => [...this.#leases].reduce((sum, lease) => sum + amount(lease), 0);
    return {
      // Shares of a processor must add up.
      cpus: Math.round((this.total.cpus - used(({ cpus }) => cpus)) * 1e6) / 1e6,
      memoryBytes: this.total.memoryBytes - used(({ memoryBytes }) => memoryBytes),
      gpus: this.total.gpus - used(({ gpus }) => gpus),
    };
  }

  /**
   * Waits until everything that is needed is free, and takes it.
   * @throws {ResourcesTooLargeError} at once, when the worker does not have that much
   * @throws the signal's reason when it is aborted meanwhile
   */
  async acquire(needs: Needs, { signal, priority = 3, waits }: AcquireOptions): Promise<Lease> {
    signal.throwIfAborted();
    if (!fits(needs, this.total)) throw this.#tooLarge(needs);
    return await new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        this.#changed();
        reject(signal.reason as Error);
      };
      const take = () => {
        signal.removeEventListener('abort', abort);
        resolve(this.#lease(needs));
      };
      const waiter = { needs, priority, take, ...(waits && { waits }) };
      signal.addEventListener('abort', abort, { once: true });
      const behind = this.#waiting.findIndex((other) => other.priority > priority);
      this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, waiter);
      this.#changed();
    });
  }

  /** Counts a training that a worker has taken from Temporal, until the function that this gives is called. */
  enter(): () => void {
    let isInside = true;
    this.#inside++;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#inside--;
      this.#changed();
    };
  }

  /**
   * Whether one more training would find room, beside so many that may come yet: nobody waits, and what such trainings
   * usually need is free. A worker that has none takes one in any case.
   */
  hasRoom(expected: number): boolean {
    if (this.#waiting.length > 0) return false;
    const coming = expected + Math.max(0, this.#inside - this.#leases.size);
    if (coming + this.#leases.size === 0) return true;
    const { cpus, memoryBytes, gpus } = this.#usual;
    const all = coming + 1;
    return fits({ cpus: cpus * all, memoryBytes: memoryBytes * all, gpus: gpus * all }, this.free);
  }

  /** Calls the listener whenever there may be more room. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #lease(needs: Needs): Lease {
    const taken = new Set([...this.#leases].flatMap(({ names }) => names));
    const names = this.#gpus.filter((name) => !taken.has(name)).slice(0, needs.gpus);
    const lease = { ...needs, names };
    this.#leases.add(lease);
    this.#usual = needs;
    const release = () => {
      if (this.#leases.delete(lease)) this.#changed();
    };
    return { gpus: names, release };
  }

  #changed(): void {
    for (let [next] = this.#waiting; next && fits(next.needs, this.free); [next] = this.#waiting) {
      this.#waiting.shift();
      next.take();
    }
    this.#waiting.forEach((waiter, place) => tell(waiter, this.#reason(waiter, place)));
    this.#listeners.forEach((listener) => listener());
  }

  #reason({ needs }: Waiter, place: number): string {
    if (place > 0)
      return `waits for ${amountText(needs)}: ${place} ${place === 1 ? 'training comes' : 'trainings come'} first`;
    return `waits for ${lackText(needs, this.free, this.total)}`;
  }

  #tooLarge(needs: Needs): ResourcesTooLargeError {
    const message = `Cannot train here: it needs ${amountText(needs)}, and this worker of class ${this.#class} has ${amountText(this.total)} in all`;
    return new ResourcesTooLargeError(message, {
      fix: 'Start workers of that class with as much (perennial worker --cpus, --memory, --gpus), or ask for less in trainer.resources.',
      details: { class: this.#class, needs, has: this.total },
    });
  }
}

interface Waiter {
  readonly needs: Needs;
  readonly priority: number;
  take(): void;
  waits?(reason: string): void;
  told?: string;
}

function tell(waiter: Waiter, reason: string): void {
  if (waiter.told === reason) return;
  waiter.told = reason;
  waiter.waits?.(reason);
}

function fits(needs: Needs, free: Needs): boolean {
  return needs.cpus <= free.cpus && needs.memoryBytes <= free.memoryBytes && needs.gpus <= free.gpus;
}
