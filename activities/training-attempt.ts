import { AsyncResource } from 'node:async_hooks';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { Ref } from '../src/domain/artifact.js';
import { PerennialError } from '../src/errors.js';
import { putBlob } from '../src/stores/blobs.js';
import { rethrowUnlessDamage } from '../src/stores/find-damage.js';
import type { ArtifactStore } from '../src/stores/store.js';
import type { TrainerCallbacks, TrainingJob, TrainingOutput } from '../src/trainers/trainer.js';
import { AttemptLog } from './attempt-log.js';
import { Checkpoints } from './checkpoints.js';
import type { KeptCheckpoint } from './heartbeat-details.js';
import { lastingSignal } from './lasting-signal.js';
import { TrainingLog } from './training-log.js';
import { TrainingPoints } from './training-points.js';

export interface AttemptPlace {
  readonly store: ArtifactStore;
  /** A folder of the attempt's own; the job's is `job` in it. */
  readonly scratch: string;
  /** How long the trainer may go on after it was asked to end. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
}

/** How long storing a last checkpoint may take after the trainer has ended. */
const STORING_MS = 20_000;
/** The log of an attempt that is killed is lost from then on. */
const LOG_EVERY_MS = 15_000;
const SHOWN_LINE = 200;

/**
 * One attempt of a training: takes up what the one before has left, and leaves for the next one what the trainer says
 * while it works.
 */
export class TrainingAttempt {
  readonly #place: AttemptPlace;
  readonly #attempts = AttemptLog.current();
  readonly #context = Context.current();
  readonly #checkpoints: Checkpoints;
  readonly #points: TrainingPoints;
  readonly #log = new TrainingLog();
  /** Lives on for a while when the attempt is asked to end: what it leaves is for the one after it. */
  readonly #lasting: AbortSignal;
  readonly #notes: string[] = [];
  #savedLog: string | undefined;
  #unkept = 0;
  #resume: TrainingJob['resume'];
  /** Whether anything was left for an attempt to come. */
  #left = !this.#attempts.beginsAnew;

  private constructor(place: AttemptPlace) {
    this.#place = place;
    this.#checkpoints = new Checkpoints(place.store, this.#attempts);
    this.#points = new TrainingPoints(place.scratch);
    this.#lasting = lastingSignal(place.signal, place.graceMs + STORING_MS);
  }

  /** To be called while the activity runs. */
  static async begin(place: AttemptPlace): Promise<TrainingAttempt> {
    const attempt = new TrainingAttempt(place);
    // So that the one after it knows of it, however early this one ends.
    attempt.#attempts.beat();
    await attempt.#takeUp();
    return attempt;
  }

  /** What the job is to go on from. */
  get resume(): TrainingJob['resume'] {
    return this.#resume;
  }

  /** Runs the trainer, with this attempt listening to it. */
  async run(train: (callbacks: TrainerCallbacks) => Promise<TrainingOutput>): Promise<TrainingOutput> {
    const saving = setInterval(
      AsyncResource.bind(() => void this.#saveLog()),
      LOG_EVERY_MS,
    );
    try {
      const output = await train(this.#callbacks());
      this.#attempts.uses(output.usage);
      return output;
    } catch (error) {
      if (this.#isCancelled || (error instanceof PerennialError && error.next !== 'retry')) await this.forget();
      throw error;
    } finally {
      clearInterval(saving);
      await this.#storeLog();
    }
  }

  /** All metric points of the training, once it is done. */
  async storePoints(): Promise<Ref | undefined> {
    return await this.#points.store(this.#place.store, { signal: this.#place.signal });
  }

  /** The training is over, and nobody goes on from its checkpoints any more. What cannot be removed stays. */
  async forget(): Promise<void> {
    if (!this.#left) return;
    await this.#checkpoints.forget({ signal: this.#lasting }).catch(() => undefined);
  }

  /** Half a sentence on each thing that was out of the ordinary. */
  get notes(): readonly string[] {
    const unkept = this.#unkept === 1 ? 'a checkpoint was not kept' : `${this.#unkept} checkpoints were not kept`;
    return this.#unkept === 0 ? this.#notes : [...this.#notes, unkept];
  }

  /** Then there is no attempt to come. */
  get #isCancelled(): boolean {
    return this.#place.signal.aborted && this.#context.cancellationDetails?.cancelRequested === true;
  }

  async #takeUp(): Promise<void> {
    const { store, scratch, signal } = this.#place;
    const folder = join(scratch, 'job', 'checkpoints');
    await mkdir(folder, { recursive: true });
    const { kept, warnings } = await this.#checkpoints.restore(folder, { signal });
    this.#notes.push(...warnings);
    for (const warning of warnings) this.#context.log.warn(warning);
    if (!kept) return;
    this.#resume = { name: `step-${kept.step}`, step: kept.step };
    this.#notes.push(`went on from step ${kept.step}`);
    await this.#takeUpPoints(store, kept);
    this.#attempts.beat();
  }

  async #takeUpPoints(store: ArtifactStore, { points, step }: KeptCheckpoint): Promise<void> {
    if (!points) return;
    const { signal } = this.#place;
    try {
      await this.#points.resume(store, points, step, { signal });
    } catch (error) {
      await rethrowUnlessDamage(store, error, { signal });
      this.#notes.push(`the metric points until step ${step} are damaged`);
    }
  }

  #callbacks(): TrainerCallbacks {
    const attempts = this.#attempts;
    let progress = {};
    const show = () =>
      attempts.show({ ...progress, ...(this.#log.last && { log: this.#log.last.slice(0, SHOWN_LINE) }) });
    return {
      signal: this.#place.signal,
      progress: (told) => {
        progress = told;
        if (told.step !== undefined) attempts.reached(told.step);
        show();
        attempts.beat();
      },
      // A warm host may call from where it was started, which may have been for another activity.
      checkpoint: AsyncResource.bind(({ folder, step }) => this.#keep(folder, step)),
      point: (step, values) => {
        attempts.reached(step);
        this.#points.add(step, values);
      },
      log: (line) => {
        this.#log.add(line);
        show();
      },
      usage: (used) => attempts.uses(used),
      elsewhere: (all) => attempts.elsewhere(all),
    };
  }

  /** A training whose checkpoint could not be kept goes on: it loses time only if its worker is lost too. */
  async #keep(folder: string, step: number): Promise<void> {
    const { store } = this.#place;
    if (this.#isCancelled) return;
    const options = { signal: this.#lasting };
    try {
      this.#left = true;
      const points = this.#points.storeSoFar(store, options);
      await Promise.all([this.#checkpoints.keep(folder, step, points, options), this.#saveLog()]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#unkept += 1;
      this.#context.log.warn(`The checkpoint of step ${step} was not kept: ${why}`);
      // The trainer layer says it in the trainer's log.
      throw error;
    }
  }

  /** Where the attempt after this one finds it, should this one be killed. */
  async #saveLog(): Promise<void> {
    const { text } = this.#log;
    if (text === '' || text === this.#savedLog) return;
    this.#savedLog = text;
    this.#left = true;
    await this.#checkpoints.keepLog(text, { signal: this.#lasting }).catch(() => undefined);
  }

  async #storeLog(): Promise<void> {
    const { text } = this.#log;
    if (text === '') return;
    // How the training ended matters more than its log.
    await putBlob(this.#place.store, Buffer.from(text), { signal: this.#lasting }).then(
      (ref) => this.#attempts.wrote(ref),
      () => undefined,
    );
  }
}
