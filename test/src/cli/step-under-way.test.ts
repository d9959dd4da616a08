import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { attemptText, stepLines, stepUnderWay } from '../../../src/cli/step-under-way.js';

type Description = Parameters<typeof stepUnderWay>[0];

const described = (...pendingActivities: object[]) => ({ raw: { pendingActivities } }) as unknown as Description;
const heartbeat = (said: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(said)] });
const training = { activityId: '4', activityType: { name: 'perennial.train' }, attempt: 1, state: 2 };

test('a step under way says how far it is, and what was before', () => {
  const progress = { done: 0.4, message: 'step 40 of 100', step: 40 };
  const watch = { activityId: '5', activityType: { name: 'perennial.watchWorkers' }, attempt: 1 };
  const step = stepUnderWay(described(watch, { ...training, heartbeatDetails: heartbeat({ attempts: [], progress }) }));
  expect(step).toEqual({ activityId: '4', attempt: 1, paused: false, progress: 'step 40 of 100' });
  expect(stepLines('perennial/returns/run/3', step!)).toEqual(['It is at: step 40 of 100']);
  expect(stepUnderWay(described(watch))).toBeUndefined();
});

test('one that somebody paused says how to let it go on', () => {
  const paused = { ...training, attempt: 2, state: 4, lastFailure: { message: 'Activity paused' } };
  expect(stepLines('perennial/returns/run/3', stepUnderWay(described(paused))!)).toEqual([
    'This is attempt 2; the one before: Activity paused',
    'Somebody has paused it; to let it go on: temporal activity unpause --workflow-id perennial/returns/run/3 --activity-id 4',
  ]);
});

test('a failure that Temporal has cut is told all the same', () => {
  const lastFailure = {
    message: 'Failure exceeds size limit.',
    serverFailureInfo: {},
    cause: { message: 'the package index cannot be reached' },
  };
  const step = stepUnderWay(
    described({ ...training, attempt: 3, lastFailure, heartbeatDetails: heartbeat('not ours') }),
  );
  expect(step).not.toHaveProperty('progress');
  expect(attemptText(step!)).toBe('attempt 3; the one before: the package index cannot be reached');
});
