import { ActivityFailure, ApplicationFailure, RetryState, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { elsewhereFailure } from '../../../src/trainers/activity-failure.js';
import { jobIn } from './job-in.js';

const byActivity = (cause: Error) =>
  failed(new ActivityFailure(undefined, 'train', '1', RetryState.TIMEOUT, 'far', cause));
const failed = (cause: Error) => new WorkflowFailedError('Workflow execution failed', cause, RetryState.TIMEOUT);

describe('a training elsewhere that gave no result', () => {
  const cases: [what: string, error: Error, code: string, next: string, said: RegExp][] = [
    [
      'took longer than its time',
      byActivity(new TimeoutFailure('activity StartToClose timeout', undefined, 'START_TO_CLOSE')),
      'TRAIN.TIMEOUT',
      'fail',
      /did not end within 30 s/,
    ],
    [
      'was never begun',
      byActivity(new TimeoutFailure('activity ScheduleToClose timeout', undefined, 'SCHEDULE_TO_CLOSE')),
      'TRAIN.HOST',
      'retry',
      /nobody did it in time/,
    ],
    [
      'threw an error of its own',
      byActivity(ApplicationFailure.nonRetryable('no such column, password=hunter2', 'ValueError')),
      'TRAIN.FAILED',
      'fail',
      /"train" on the task queue "far": no such column, password=\*\*\*/,
    ],
    [
      'lacked a secret',
      byActivity(ApplicationFailure.retryable('this machine has no variable TOKEN', 'SecretMissing')),
      'TRAIN.FAILED',
      'fail',
      /no variable TOKEN/,
    ],
    [
      'could not have what the code locks',
      byActivity(ApplicationFailure.retryable('install what requirements.lock pins: ERROR: x==1', 'PackagesMissing')),
      'TRAINER.PACKAGES',
      'fail',
      /"train" on the task queue "far": install what requirements\.lock pins: ERROR: x==1/,
    ],
    [
      'came too late for its order',
      byActivity(ApplicationFailure.retryable('fetch http://s/order: 403', 'AddressRefused')),
      'TRAIN.HOST',
      'retry',
      /403/,
    ],
    ['was terminated', failed(new TerminatedFailure('by hand')), 'TRAIN.HOST', 'retry', /by hand/],
  ];
  test.each(cases)('because it %s, is told as that', (_what, error, code, next, said) => {
    const job = jobIn('/nowhere', { timeoutMs: 30_000 });
    const found = elsewhereFailure(error, { job, activity: 'train', taskQueue: 'far' });
    expect(found).toMatchObject({ code, next });
    expect(found.message).toMatch(said);
  });
});
