import { Context } from '@temporalio/activity';
import type { Trial } from '../src/domain/search.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';
import { readTrialNotes, trialNote, trialNotesPrefix, type ChunkActivity } from '../src/stores/trial-notes.js';
import { AttemptLog } from './attempt-log.js';

/** Trials that end sooner after one another are noted together. */
const EVERY_MS = 1000;

/**
 * The trials that attempts of one chunk have finished, in `progress/trials/<digest of the activity>/<first number>.json`:
 * an attempt after one that was killed repeats only what was not finished. A trial is noted as soon as it has ended; of those
 * that take less than a second, all of a second are noted at once. Nothing is evidence here.
 */
export class TrialProgress {
  readonly #store: ArtifactStore;
  readonly #chunk: ChunkActivity;
  readonly #options: CallOptions;
  /** What is noted, by this attempt or one before it. */
  readonly #keys = new Set<string>();
  #waiting: Trial[] = [];
  #writing: Promise<void> = Promise.resolve();
  #failed: unknown;
  #timer: NodeJS.Timeout | undefined;
  #noted = -Infinity;

  /** To be made while the activity runs. */
  constructor(store: ArtifactStore, options: CallOptions) {
    const { activityId, workflowExecution } = Context.current().info;
    this.#store = store;
    this.#options = options;
    const { workflowId = '', runId = '' } = workflowExecution ?? {};
    this.#chunk = { workflowId, runId, activityId };
  }

  /** What earlier attempts have finished, by number; a first attempt asks nobody. */
  async finished(): Promise<Trial[]> {
    if (AttemptLog.current().beginsAnew) return [];
    const { trials, keys } = await readTrialNotes(this.#store, this.#chunk, this.#options);
    keys.forEach((key) => this.#keys.add(key));
    return [...trials];
  }

  /** A trial has ended. */
  add(trial: Trial): void {
    this.#waiting.push(trial);
    const waitMs = this.#noted + EVERY_MS - performance.now();
    if (waitMs <= 0) this.#note();
    else this.#timer ??= setTimeout(() => this.#note(), waitMs);
  }

  /** Notes what waits still, for the attempt after this one. */
  async handOver(): Promise<void> {
    this.#note();
    await this.#writing;
  }

  /** The attempt has done its trials. What waits still is dropped: the chunk, which has it, is stored next. */
  async end(): Promise<void> {
    this.#waiting = [];
    await this.handOver();
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** The chunk is stored, and nobody goes on from the notes any more. What cannot be removed stays. */
  async forget(): Promise<void> {
    await Promise.allSettled([...this.#keys].map((key) => this.#store.remove(key, this.#options)));
  }

  #note(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#noted = performance.now();
    const trials = this.#waiting;
    this.#waiting = [];
    const [first] = trials;
    if (!first) return;
    const key = `${trialNotesPrefix(this.#chunk)}${String(first.number).padStart(9, '0')}.json`;
    this.#keys.add(key);
    this.#writing = this.#writing
      .then(() => this.#store.replace(key, trialNote(trials)))
      .catch((error: unknown) => {
        this.#failed ??= error;
      });
  }
}
