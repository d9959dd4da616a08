import { Context } from '@temporalio/activity';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { elsewhereId, type ElsewhereInput, type ElsewhereResult } from '../domain/elsewhere.js';
import { TrainerFailedError } from '../errors.js';
import { elsewhereFailure, type Asked } from './activity-failure.js';
import { runRemoteJob, type Submitted } from './remote-job.js';
import { remoteContent, writeOrder, type RemoteContent } from './remote-order.js';
import type { RemoteTransfers } from './remote-transfers.js';
import type { Trainer, TrainerCallbacks, TrainingJob, TrainingOutput } from './trainer.js';

export interface ActivityTrainerOptions {
  readonly transfers: RemoteTransfers;
  /** Where the workflow of a training elsewhere runs. Default: as the run for which this worker trains. */
  readonly temporal?: { readonly client: Client; readonly taskQueue: string };
}

/**
 * Has jobs done by a Temporal activity of any SDK, on whatever machine offers it on its task queue. It is asked by a small
 * workflow of its own, which an attempt after this one finds by its id and follows.
 *
 * Results are never taken from the step cache: nobody here knows with which libraries the far side trains.
 */
export class ActivityTrainer implements Trainer {
  readonly kind = 'activity';
  readonly #options: ActivityTrainerOptions;

  constructor(options: ActivityTrainerOptions) {
    this.#options = options;
  }

  async train(job: TrainingJob, callbacks: TrainerCallbacks): Promise<TrainingOutput> {
    const { transfers } = this.#options;
    const { name, taskQueue } = placeOf(job);
    return await runRemoteJob(job, callbacks, transfers, async () => {
      const { signal } = callbacks;
      const content = await remoteContent(transfers, job, signal);
      const temporal = this.#options.temporal ?? (await temporalHere());
      const workflowId = elsewhereId(job.name, content.sha256);
      const { handle, prefix } =
        (await underWay(temporal.client, transfers, workflowId)) ??
        (await this.#start(job, { workflowId, content, ...temporal }, signal));
      return new SubmittedWorkflow(handle, prefix, { job, activity: name, taskQueue });
    });
  }

  async #start(job: TrainingJob, submission: Submission, signal: AbortSignal): Promise<Found> {
    const { transfers } = this.#options;
    const { client, taskQueue, workflowId, content } = submission;
    const { order, prefix, validMs } = await writeOrder(transfers, job, content, signal);
    const far = placeOf(job);
    const input: ElsewhereInput = {
      activity: far.name,
      taskQueue: far.taskQueue,
      name: job.name,
      order,
      timeoutMs: job.timeoutMs,
      validMs,
    };
    const handle = await client.workflow.start('trainElsewhere', {
      workflowId,
      taskQueue,
      args: [input],
      memo: { prefix },
      // Another attempt of this step may have been faster: then that one is followed.
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `Train ${job.name} on the task queue ${far.taskQueue}`,
    });
    const { memo } = await handle.describe();
    if (memo?.['prefix'] === prefix || typeof memo?.['prefix'] !== 'string') return { handle, prefix };
    await transfers.remove(prefix, { signal });
    return { handle, prefix: memo['prefix'] };
  }
}

interface Found {
  readonly handle: WorkflowHandle;
  readonly prefix: string;
}

interface Submission {
  readonly client: Client;
  readonly taskQueue: string;
  readonly workflowId: string;
  readonly content: RemoteContent;
}

class SubmittedWorkflow implements Submitted {
  readonly prefix: string;
  readonly #handle: WorkflowHandle;
  readonly #what: Asked;

  constructor(handle: WorkflowHandle, prefix: string, what: Asked) {
    this.#handle = handle;
    this.prefix = prefix;
    this.#what = what;
  }

  async ended(left: AbortSignal): Promise<ElsewhereResult | undefined> {
    try {
      const result: unknown = await this.#handle.client.withAbortSignal(left, () => this.#handle.result());
      if (isResult(result)) return result;
    } catch (error) {
      throw elsewhereFailure(error, this.#what);
    }
    throw new TrainerFailedError(
      `train with the activity "${this.#what.activity}": it returned something else than how the trainer ended`,
      { fix: 'return what perennial_trainer.remote.train returns, or what docs/remote-training.md describes' },
    );
  }

  async stop(): Promise<void> {
    await this.#handle.cancel();
  }

  async waitsFor(): Promise<string | undefined> {
    const { raw } = await this.#handle.describe();
    const pending = raw.pendingActivities?.[0];
    const { activity, taskQueue } = this.#what;
    // Scheduled, or waiting before another try.
    if (Number(pending?.state) !== SCHEDULED) return undefined;
    const failed = pending?.lastFailure?.message;
    if (failed) return `the activity "${activity}" is tried again: ${failed}`;
    return `waiting for a worker that takes "${activity}" from the task queue "${taskQueue}"`;
  }
}

/** PENDING_ACTIVITY_STATE_SCHEDULED. */
const SCHEDULED = 1;

function placeOf({ place }: TrainingJob): { readonly name: string; readonly taskQueue: string } {
  const { name, taskQueue } = place ?? {};
  if (typeof name === 'string' && typeof taskQueue === 'string') return { name, taskQueue };
  throw new TrainerFailedError('Cannot train with a trainer of kind "activity": the spec names no activity', {
    fix: 'Set trainer.activity to the name of the activity and the task queue on which it is offered.',
  });
}

/** The client of the activity that trains, and the task queue of its workflow; that of the activity may be one of a class. */
async function temporalHere(): Promise<NonNullable<ActivityTrainerOptions['temporal']>> {
  const { client, info } = Context.current();
  const { workflowExecution } = info;
  if (!workflowExecution) return { client, taskQueue: info.taskQueue };
  const { taskQueue } = await client.workflow.getHandle(workflowExecution.workflowId).describe();
  return { client, taskQueue };
}

/** The job as another attempt has submitted it: when it runs, or has ended and nobody has taken what it made. */
async function underWay(client: Client, transfers: RemoteTransfers, workflowId: string): Promise<Found | undefined> {
  const latest = client.workflow.getHandle(workflowId);
  const described = await describe(latest);
  const prefix = described?.memo?.['prefix'];
  if (!described || typeof prefix !== 'string') return undefined;
  const { status, runId } = described;
  const isThere =
    status.name === 'RUNNING' ||
    (status.name === 'COMPLETED' && (await transfers.find(`${prefix}model.onnx`, '')) !== undefined);
  return isThere ? { handle: client.workflow.getHandle(workflowId, runId), prefix } : undefined;
}

async function describe(handle: WorkflowHandle): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}

function isResult(value: unknown): value is ElsewhereResult {
  if (typeof value !== 'object' || value === null || !('ending' in value)) return false;
  if ('limit' in value && !isLimit(value.limit)) return false;
  const { ending } = value;
  if (typeof ending !== 'object' || ending === null || !('kind' in ending)) return false;
  if (ending.kind === 'exit') return 'code' in ending && Number.isSafeInteger(ending.code);
  return ending.kind === 'timeout' || (ending.kind === 'signal' && 'signal' in ending);
}

function isLimit(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { limit, allowed, found } = value as Readonly<Record<string, unknown>>;
  const isKnown = limit === 'memory' || limit === 'cpuTime' || limit === 'processes';
  return isKnown && Number.isFinite(allowed) && Number.isFinite(found);
}
