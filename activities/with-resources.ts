import { Context } from '@temporalio/activity';
import { needsOf } from '../src/resources/needs.js';
import type { TrainerSpec } from '../src/spec/spec.js';
import { AttemptLog } from './attempt-log.js';
import type { ActivityDeps } from './deps.js';
import { trainingPlace } from './training-place.js';

/** What a trainer is told of the resources that are its own. */
export type ResourceEnvironment = Readonly<Record<string, string>>;

/**
 * Runs a training when the worker has what it needs, and gives that back at the end, whatever the end. Says in the heartbeat
 * what it waits for.
 * @throws {ResourcesTooLargeError} when the worker never has that much
 */
export async function withResources<T>(
  { budget }: Pick<ActivityDeps, 'budget'>,
  trainer: TrainerSpec,
  signal: AbortSignal,
  work: (environment: ResourceEnvironment) => Promise<T>,
): Promise<T> {
  const attempts = AttemptLog.current();
  const { priorityKey: priority } = Context.current().info.priority ?? {};
  const lease = await budget.acquire(needsOf(trainer), {
    signal,
    ...(priority !== undefined && { priority }),
    waits: (message) => attempts.progress({ message }),
  });
  try {
    // Of GPUs that a worker hands out, a training sees its own alone; where none is declared, nothing is hidden.
    // What is trained elsewhere has others.
    return await work(
      budget.total.gpus > 0 && !trainingPlace(trainer) ? { CUDA_VISIBLE_DEVICES: lease.gpus.join(',') } : {},
    );
  } finally {
    lease.release();
  }
}
