import type { Logger } from 'pino';
import type { LedgerState, ModelVersion } from '../domain/ledger.js';
import { PerennialError, StoreUnavailableError } from '../errors.js';
import type { InferenceThread } from '../inference/inference-thread.js';
import type { BlobCache } from '../stores/blobs.js';
import { LedgerLog } from '../stores/ledger-log.js';
import type { ArtifactStore } from '../stores/store.js';
import { PastVersions } from './past-versions.js';
import { RequestProblem } from './request-problem.js';
import { loadServedModel, type ServedModel } from './served-model.js';

export interface FollowerPlace {
  readonly store: ArtifactStore;
  readonly cache: BlobCache;
  /** The thread to load into; a new one after the last has ended. */
  readonly thread: () => InferenceThread;
  readonly log: Logger;
  /** Called after another model has begun to answer. */
  readonly onSwap?: (follower: ModelFollower) => void;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Keeps one model's champion loaded. It reads the ledger when it is told to, loads what was promoted beside what answers,
 * and changes over in one step. Whatever goes wrong, the last good one stays.
 */
export class ModelFollower {
  readonly model: string;
  /** What answers now; undefined before the first champion is loaded. */
  current: ServedModel | undefined;
  /** Why the newest champion is not what answers; undefined when it is. */
  problem: string | undefined;
  /** True once the ledger was read. */
  looked = false;
  swaps = 0;
  readonly #place: FollowerPlace;
  readonly #ledger: LedgerLog;
  readonly #past: PastVersions;
  #state: LedgerState | undefined;
  #paused: { digest: string; until: number; pauseMs: number } | undefined;

  constructor(place: FollowerPlace, model: string) {
    this.model = model;
    this.#place = place;
    this.#ledger = new LedgerLog(place.store, model);
    this.#past = new PastVersions((version, signal) => this.#load(version.version, version.bundle, signal));
  }

  /** Versions that may be asked for: those that were champion at some time. */
  get versions(): readonly ModelVersion[] {
    return (this.#state?.versions ?? []).filter((version) => refusal(version) === undefined);
  }

  /** Nothing stands between the ledger and what is served: the champion answers, or there is none yet. */
  get ready(): boolean {
    return this.looked && (this.#state?.champion === undefined || this.current?.onnx.usable === true);
  }

  /** Looks once whether there is a new champion, and changes over to it. Never rejects. */
  async look(signal: AbortSignal): Promise<void> {
    try {
      this.#state = (await this.#ledger.read({ signal })).state;
      this.looked = true;
      await this.#follow(signal);
    } catch (error) {
      if (!signal.aborted) this.#report(error);
    }
  }

  /** @throws {RequestProblem} 503 while there is nothing to answer with */
  champion(): ServedModel {
    if (this.current?.onnx.usable) return this.current;
    const why = this.problem ?? (this.looked ? 'it has no champion yet' : 'its ledger was not read yet');
    throw new RequestProblem(503, `Model "${this.model}" cannot answer: ${why}`);
  }

  /**
   * A version by its number, loaded if it is not.
   *
   * @throws {RequestProblem} 404 for what does not exist and for what was never promoted
   */
  async version(text: string, signal: AbortSignal): Promise<ServedModel> {
    const current = this.current;
    if (current && String(current.version) === text && current.onnx.usable) return current;
    const all = this.#state?.versions ?? [];
    const found = all.find(({ version }) => String(version) === text);
    const why = found ? refusal(found) : `registered are ${all.length} versions`;
    if (!found || why)
      throw new RequestProblem(404, `Model "${this.model}" has no version "${text.slice(0, 20)}" to serve: ${why}`);
    return this.#past.get(found, signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.current?.onnx.close(), this.#past.close()]);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const champion = this.#state?.champion;
    const { current } = this;
    if (!champion) {
      this.problem = undefined;
      return;
    }
    if (current?.digest === champion.bundle && current.onnx.usable) {
      this.problem = undefined;
      // The same bundle may be registered again: nothing to load, but answers name the version.
      if (current.version !== champion.version) this.#change({ ...current, version: champion.version });
      return;
    }
    if (this.#paused?.digest === champion.bundle && Date.now() < this.#paused.until) return;
    try {
      const next = await this.#load(champion.version, champion.bundle, signal);
      this.#paused = undefined;
      this.problem = undefined;
      this.#change(next);
      // Requests that were handed to the old one before this are answered by it before it is freed.
      await current?.onnx.close();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) this.#pause(champion.bundle);
      throw error;
    }
  }

  #load(version: number, digest: string, signal: AbortSignal): Promise<ServedModel> {
    const { store, cache, thread } = this.#place;
    return loadServedModel({ store, cache, thread: thread(), model: this.model }, { version, digest }, { signal });
  }

  #change(next: ServedModel): void {
    this.current = next;
    this.swaps += 1;
    this.#place.log.info({ model: this.model, version: next.version, digest: next.digest }, 'serving a new champion');
    this.#place.onSwap?.(this);
  }

  /** What is broken is tried again, but not at every look: loading takes time from requests. */
  #pause(digest: string): void {
    const before = this.#paused?.digest === digest ? this.#paused.pauseMs : FIRST_PAUSE_MS / 2;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, before * 2);
    this.#paused = { digest, pauseMs, until: Date.now() + pauseMs };
  }

  #report(error: unknown): void {
    const problem = error instanceof PerennialError ? error.message : 'the server failed; its log says why';
    // Said once, not twice a second.
    if (problem === this.problem) return;
    this.problem = problem;
    const facts = { model: this.model, serving: this.current?.version ?? null };
    if (error instanceof PerennialError) this.#place.log.error({ ...facts, code: error.code }, problem);
    else this.#place.log.error({ ...facts, err: error }, 'could not follow the ledger');
  }
}

/** Why a version is never served, or undefined when it may be. */
function refusal(version: ModelVersion): string | undefined {
  if (version.state === 'rejected') return 'it was rejected';
  if (version.promotedAt === undefined) return 'it was never promoted, and only what passed the gate is served';
  return undefined;
}
