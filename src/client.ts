import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { trainingRun } from '../workflows/training-run.js';
import type { modelLoop } from '../workflows/model-loop.js';
import * as messages from '../workflows/messages.js';
import {
  backfillRange,
  backfillResult,
  backfillState,
  cancelBackfill,
  startBackfill,
  type BackfillOptions,
  type BackfillStarted,
} from './backfills.js';
import { keepCode } from './code/keep-code.js';
import type { Sha256 } from './domain/artifact.js';
import type { BackfillResult, BackfillState } from './domain/backfill.js';
import type { LedgerEntry, LedgerState } from './domain/ledger.js';
import type { LoopState } from './domain/loop.js';
import { loopId, runId, type LoopMemo, type RunPlan, type RunRecord, type RunResult } from './domain/run.js';
import type { TrainingAnswer } from './domain/trigger.js';
import { ArtifactMissingError, NotFoundError, PerennialError, RunFailedError } from './errors.js';
import { runOfLoop } from './run-of-loop.js';
import { runPlan } from './run-plan.js';
import { ensureSchedule, type ScheduleChange } from './schedule.js';
import { ensureSearchAttributes } from './search-attributes.js';
import type { StoredSpec } from './spec/spec.js';
import { specChanges } from './spec/changes.js';
import type { ReadSpec } from './spec/file.js';
import { loopElsewhere, noSuchModel, noSuchRun } from './client-errors.js';
import { findExecution } from './find-execution.js';
import { loopOptions } from './loop-options.js';
import { putManifest, readManifest, readManifestOf } from './stores/blobs.js';
import { LedgerLog } from './stores/ledger-log.js';
import { readRunRecord, recordedRuns } from './stores/run-records.js';
import type { ArtifactStore } from './stores/store.js';
import { checkParameters, trainingRequest, type RequestTrainingOptions } from './training-request.js';

export type { BackfillOptions, BackfillResult, BackfillStarted, BackfillState, RequestTrainingOptions };

export interface PerennialClientOptions {
  /** A Temporal client; its namespace is where the loops live. */
  readonly client: Client;
  readonly store: ArtifactStore;
  /** Default: `perennial`. */
  readonly taskQueue?: string;
}

/** What `apply` did. */
export interface Applied {
  readonly model: string;
  /** Digest of the stored spec. */
  readonly spec: string;
  /** The loop was started by this call, works by another spec now, or had this spec already. */
  readonly loop: 'started' | 'updated' | 'unchanged';
  readonly schedule: ScheduleChange;
  /** What the model was before; absent unless its loop works by another spec now. */
  readonly before?: AppliedBefore;
}

/** A model that another spec was applied to. */
export interface AppliedBefore {
  /** Digest of the spec until now. */
  readonly spec: string;
  /** Parts that differ from it, such as `trainer.parameters`; absent when it cannot be read any more. */
  readonly changed?: readonly string[];
  /** The run under way, which ends by the spec that it started with. */
  readonly run?: number;
}

/** What is known of a model now. */
export interface ModelStatus {
  readonly model: string;
  /** Absent when the loop does not run. */
  readonly loop?: LoopState;
  readonly ledger: LedgerState;
}

/** Starts, asks and inspects the loops of models. Safe to use from many processes at the same time. */
export class PerennialClient {
  readonly #temporal: Client;
  readonly #store: ArtifactStore;
  readonly #taskQueue: string;

  constructor({ client, store, taskQueue = 'perennial' }: PerennialClientOptions) {
    this.#temporal = client;
    this.#store = store;
    this.#taskQueue = taskQueue;
  }

  /**
   * Makes the world match the spec: stores it and its code, makes missing search attributes, starts or updates the loop,
   * creates, updates or removes the Schedule. Applying the same spec again changes nothing. Needs no worker to run.
   */
  async apply({ codeTar, ...stored }: ReadSpec): Promise<Applied> {
    const model = stored.spec.name;
    await keepCode(this.#store, stored, codeTar);
    const [ref] = await Promise.all([
      putManifest(this.#store, 'spec', stored),
      ensureSearchAttributes(this.#temporal.connection, this.#temporal.options.namespace),
    ]);
    const plan = runPlan(stored.spec, ref);
    const found = await this.#ensureLoop(model, plan);
    const schedule = await ensureSchedule(this.#temporal, stored.spec, plan, this.#taskQueue);
    const applied = { model, spec: ref.sha256, schedule };
    if (!found) return { ...applied, loop: 'started' };
    const { perennial } = found.memo as unknown as LoopMemo; // every loop is started with this memo
    if (perennial.spec === ref.sha256) return { ...applied, loop: 'unchanged' };
    const changed = await this.#changed(perennial.spec, stored);
    const run = runOfLoop(model, found);
    const before = { spec: perennial.spec, ...(changed && { changed }), ...(run !== undefined && { run }) };
    return { ...applied, loop: 'updated', before };
  }

  /**
   * Asks the loop for a training run and returns its answer at once; {@link runResult} waits for the outcome.
   * @throws {NotFoundError} when the model was never applied here
   * @throws {UsageError} when the model's built-in estimator would not take the parameters, as far as a worker answers
   */
  async requestTraining(model: string, options: RequestTrainingOptions = {}): Promise<TrainingAnswer> {
    const { requestId = randomUUID() } = options;
    const request = trainingRequest(options, this.#temporal.options.identity);
    if (request.parameters) await this.#checkParameters(model, request.parameters);
    return await this.#loop(model, (loop) =>
      loop.executeUpdate(messages.requestTraining, {
        updateId: requestId,
        args: [request],
      }),
    );
  }

  /**
   * Waits for the end of a run, also of one that is queued still. Rejects with Temporal's WorkflowFailedError when the
   * run failed.
   * @throws {NotFoundError} when the loop never promised a run of that number
   */
  async runResult(model: string, run: number): Promise<RunResult> {
    for (;;) {
      try {
        return await this.#temporal.workflow.getHandle<typeof trainingRun>(runId(model, run)).result();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        const recorded = await this.#recordedResult(model, run);
        if (recorded) return recorded;
        const loop = await this.#loopState(model);
        if (loop?.current?.run !== run && loop?.queued?.run !== run) throw noSuchRun(model, run, error);
        await sleep(QUEUED_POLL_MS);
      }
    }
  }

  /** The result by the record, of a run that Temporal has forgotten. */
  async #recordedResult(model: string, run: number): Promise<RunResult | undefined> {
    try {
      const { result, summary, failure } = await this.run(model, run);
      if (result) return result;
      throw new RunFailedError(summary, {
        ...(failure?.fix !== undefined && { fix: failure.fix }),
        details: { failure },
      });
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /**
   * Starts a backfill: the past windows of a model, run one after another through its loop. It goes on without this
   * client; asking for the same one again while it runs changes nothing.
   * @throws {UsageError} when the range cannot be
   * @throws {BackfillRunningError} when another one of this model is under way
   * @throws {NotFoundError} when the model was never applied here
   */
  async backfill(model: string, options: BackfillOptions): Promise<BackfillStarted> {
    const range = backfillRange(options);
    const loop = await this.#loopState(model);
    if (!loop) throw noSuchModel(model);
    const { promote = false, restart = false, by = this.#temporal.options.identity } = options;
    return await startBackfill(this.#temporal, this.#taskQueue, {
      model,
      plan: loop.plan,
      range,
      promote,
      by,
      ...(restart && { restart }),
    });
  }

  /**
   * How far the newest backfill of a model is, or was when it ended.
   * @throws {NotFoundError} when there was none
   */
  async backfillState(model: string): Promise<BackfillState> {
    return await backfillState(this.#temporal, model);
  }

  /**
   * Waits for the end of the newest backfill of a model.
   * @throws {BackfillStoppedError} when it gave up before its last window
   * @throws {CancelledFailure} of Temporal, when it was cancelled
   */
  async backfillResult(model: string): Promise<BackfillResult> {
    return await backfillResult(this.#temporal, model);
  }

  /**
   * Ends a backfill when the run under way has ended; with `now` that run is cancelled too.
   * @throws {NotFoundError} when none is under way
   */
  async cancelBackfill(model: string, options: { readonly now?: boolean } = {}): Promise<void> {
    await cancelBackfill(this.#temporal, model, options);
  }

  /** Refuses automatic triggers until {@link resume}; a backfill waits meanwhile. */
  async pause(model: string, by = this.#temporal.options.identity): Promise<void> {
    await this.#loop(model, (loop) => loop.executeUpdate(messages.pause, { args: [{ by }] }));
  }

  /** Ends a pause. */
  async resume(model: string, by = this.#temporal.options.identity): Promise<void> {
    await this.#loop(model, (loop) => loop.executeUpdate(messages.resume, { args: [{ by }] }));
  }

  /**
   * What the loop does, and who is champion by the ledger.
   * @throws {NotFoundError} when there is neither a loop nor a ledger of that name.
   */
  async status(model: string): Promise<ModelStatus> {
    const [loop, { state }] = await Promise.all([this.#loopState(model), this.ledger(model)]);
    if (!loop && state.generation === 0) throw noSuchModel(model);
    return { model, ...(loop && { loop }), ledger: state };
  }

  /** The ledger's entries, oldest first, with what they add up to; every entry is verified on the way. */
  async ledger(model: string): Promise<{ entries: readonly LedgerEntry[]; state: LedgerState }> {
    return await new LedgerLog(this.#store, model).read();
  }

  /** Records of the runs that have ended, newest first. */
  async runs(model: string, { limit = 50 }: { readonly limit?: number } = {}): Promise<RunRecord[]> {
    const runs = await recordedRuns(this.#store, model);
    const wanted = runs.toReversed().slice(0, limit);
    return await Promise.all(wanted.map((run) => readRunRecord(this.#store, model, run)));
  }

  /**
   * The record of one run that has ended.
   * @throws {NotFoundError} when there is none.
   */
  async run(model: string, run: number): Promise<RunRecord> {
    try {
      return await readRunRecord(this.#store, model, run);
    } catch (error) {
      if (!(error instanceof ArtifactMissingError)) throw error;
      throw noSuchRun(model, run, error);
    }
  }

  async #loop<T>(model: string, use: (loop: ReturnType<Client['workflow']['getHandle']>) => Promise<T>): Promise<T> {
    try {
      return await use(this.#temporal.workflow.getHandle(loopId(model)));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw noSuchModel(model, error);
      throw error;
    }
  }

  /** By the spec that the loop works by. While no worker can say which, the estimator checks them when it trains. */
  async #checkParameters(model: string, parameters: NonNullable<RequestTrainingOptions['parameters']>): Promise<void> {
    try {
      const loop = await this.#temporal.withDeadline(Date.now() + PLAN_MS, () => this.#loopState(model));
      if (!loop) throw noSuchModel(model);
      checkParameters(parameters, (await readManifest<StoredSpec>(this.#store, loop.plan.spec)).spec);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
  }

  /** Undefined when the spec before is lost or damaged. */
  async #changed(before: Sha256, stored: StoredSpec): Promise<string[] | undefined> {
    try {
      return specChanges(await readManifestOf<StoredSpec>(this.#store, 'spec', before), stored);
    } catch (error) {
      // All is applied by now: what changed is a courtesy.
      if (error instanceof PerennialError) return undefined;
      throw error;
    }
  }

  /** The loop that ran already, as it was before it heard of the plan. */
  async #ensureLoop(model: string, plan: RunPlan): Promise<WorkflowExecutionDescription | undefined> {
    const running = await this.#runningLoop(model);
    if (running && running.taskQueue !== this.#taskQueue)
      throw loopElsewhere(model, running.taskQueue, this.#taskQueue);
    const at = { client: this.#temporal, store: this.#store };
    const options = await loopOptions(at, model, plan, this.#taskQueue);
    // Always sent: what a loop says of itself may lag behind the plans that are on their way to it.
    await this.#temporal.workflow.signalWithStart<typeof modelLoop, [RunPlan]>('modelLoop', {
      ...options,
      signal: messages.setPlan,
      signalArgs: [plan],
    });
    return running;
  }

  async #runningLoop(model: string): Promise<WorkflowExecutionDescription | undefined> {
    const loop = await findExecution(this.#temporal, loopId(model));
    return loop?.status.name === 'RUNNING' ? loop : undefined;
  }

  async #loopState(model: string): Promise<LoopState | undefined> {
    if (!(await this.#runningLoop(model))) return undefined;
    return await this.#temporal.workflow.getHandle<typeof modelLoop>(loopId(model)).query(messages.status);
  }
}

/** How often a queued run is asked for. */
const QUEUED_POLL_MS = 200;
/** How long a request waits to hear by which spec the loop works. */
const PLAN_MS = 2000;
