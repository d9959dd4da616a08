import { setImmediate } from 'node:timers/promises';
import type { ModelVersion } from '../domain/ledger.js';
import type { ServedModel } from './served-model.js';

/** How many past versions of one model stay loaded. */
const MAX_LOADED = 4;
/** For how long a version that could not be loaded is not tried again. */
const FAILURE_PAUSE_MS = 5000;

/** Past champions of one model, loaded when they are asked for; the least recently used go first. */
export class PastVersions {
  readonly #load: (version: ModelVersion, signal: AbortSignal) => Promise<ServedModel>;
  /** In the order of their last use. */
  readonly #loaded = new Map<number, Promise<ServedModel>>();
  readonly #failed = new Map<number, { error: unknown; until: number }>();

  constructor(load: (version: ModelVersion, signal: AbortSignal) => Promise<ServedModel>) {
    this.#load = load;
  }

  /** @throws what loading throws; asked again soon after, the same without another try */
  async get(version: ModelVersion, signal: AbortSignal): Promise<ServedModel> {
    const failed = this.#failed.get(version.version);
    if (failed && Date.now() < failed.until) throw failed.error;
    for (;;) {
      const loaded = await this.#loadOnce(version, signal);
      if (loaded.onnx.usable) return loaded;
      // Freed, or lost with its thread, while this call waited.
      this.#loaded.delete(version.version);
    }
  }

  async close(): Promise<void> {
    const all = [...this.#loaded.values()];
    this.#loaded.clear();
    await Promise.all(all.map(free));
  }

  #loadOnce(version: ModelVersion, signal: AbortSignal): Promise<ServedModel> {
    const { version: number } = version;
    const loading = this.#loaded.get(number) ?? this.#begin(version, signal);
    this.#loaded.delete(number);
    this.#loaded.set(number, loading);
    for (const [oldest, model] of this.#loaded) {
      if (this.#loaded.size <= MAX_LOADED) break;
      this.#loaded.delete(oldest);
      void free(model);
    }
    return loading;
  }

  async #begin(version: ModelVersion, signal: AbortSignal): Promise<ServedModel> {
    try {
      return await this.#load(version, signal);
    } catch (error) {
      this.#loaded.delete(version.version);
      this.#failed.set(version.version, { error, until: Date.now() + FAILURE_PAUSE_MS });
      throw error;
    }
  }
}

async function free(model: Promise<ServedModel>): Promise<void> {
  const loaded = await model.catch(() => undefined);
  // Whoever waited for it uses it in this turn of the event loop; what the thread was asked before is still answered.
  await setImmediate();
  await loaded?.onnx.close().catch(() => undefined);
}
