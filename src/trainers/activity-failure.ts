import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import {
  TrainerFailedError,
  TrainerHostError,
  TrainerPackagesError,
  TrainerTimeoutError,
  type PerennialError,
} from '../errors.js';
import { redact } from './redact.js';
import type { TrainingJob } from './trainer.js';

const MESSAGE_LENGTH = 2000;

/** What `perennial_trainer.remote` raises when a job could not be taken or handed back: another attempt may succeed. */
const CAN_HEAL: ReadonlySet<string> = new Set(['RemoteError', 'AddressRefused', 'Damaged', 'Stopped']);

/** What to do when a far machine cannot install what the code's lock pins. */
export const FAR_PACKAGES = {
  fix: 'do on that machine, or with the lock, what it says; docs/remote-training.md says how the environment is made',
};

/** Which activity was asked for which job. */
export interface Asked {
  readonly job: TrainingJob;
  readonly activity: string;
  readonly taskQueue: string;
}

/** The error for a training whose activity gave no result. */
export function elsewhereFailure(error: unknown, { job, activity, taskQueue }: Asked): PerennialError {
  const what = `train with the activity "${activity}" on the task queue "${taskQueue}"`;
  const details = { activity, taskQueue };
  const cause = rootOf(error);
  if (cause instanceof TimeoutFailure) {
    if (cause.timeoutType === 'START_TO_CLOSE') {
      return new TrainerTimeoutError(`${what}: it did not end within ${job.timeoutMs / 1000} s`, {
        fix: 'raise trainer.timeout in the spec; an activity of your own should end the trainer by itself when its time is up',
        details: { ...details, timeoutMs: job.timeoutMs },
      });
    }
    const found = cause.timeoutType === 'HEARTBEAT' ? 'its worker was gone, several times' : 'nobody did it in time';
    return new TrainerHostError(`${what}: ${found}`, { fix: 'start a worker that offers the activity there', details });
  }
  if (cause instanceof ApplicationFailure && !CAN_HEAL.has(cause.type ?? '')) {
    const said = redact(cause.message).slice(0, MESSAGE_LENGTH);
    if (cause.type === 'PackagesMissing')
      return new TrainerPackagesError(`${what}: ${said}`, { ...FAR_PACKAGES, details });
    const fix = 'correct what it names, and run again; the workflow of the training shows its stack trace';
    return new TrainerFailedError(`${what}: ${said}`, { fix, details: { ...details, type: cause.type ?? null } });
  }
  const found = cause instanceof CancelledFailure ? 'it was cancelled' : messageOf(cause);
  return new TrainerHostError(`${what}: ${found}`, { fix: 'nothing: it is tried again', details, cause: error });
}

function rootOf(error: unknown): unknown {
  const failed = error instanceof WorkflowFailedError ? error.cause : error;
  return failed instanceof ActivityFailure ? (failed.cause ?? failed) : failed;
}

function messageOf(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_LENGTH);
}
