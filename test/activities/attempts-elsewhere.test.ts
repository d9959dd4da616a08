import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { AttemptLog } from '../../activities/attempt-log.js';
import type { AttemptRecord, FarAttempt } from '../../src/domain/attempt.js';

/** An attempt that finds what the one before it has told last; what it leaves for the next one. */
function attempt(number: number, before: unknown, work: (log: AttemptLog) => void) {
  let told: unknown;
  const info = { attempt: number, heartbeatDetails: before };
  const context = { info, heartbeat: (details: unknown) => (told = details) } as unknown as Context;
  return asyncLocalStorage.run(context, () => {
    const log = AttemptLog.current();
    work(log);
    log.beat();
    return { told, records: log.close('done') };
  });
}

const far = (number: number, cpuSeconds: number, more: Partial<FarAttempt> = {}): FarAttempt => ({
  attempt: number,
  worker: `${number}@there`,
  startedAt: '2026-01-01T00:00:00.000Z',
  usage: { cpuSeconds },
  ...more,
});
const cpuOf = (record: AttemptRecord | undefined) => record?.usage.cpuSeconds ?? 0;

test('what a job uses elsewhere, is counted once, by the attempt during which it was used', () => {
  const first = attempt(1, undefined, (log) => {
    log.elsewhere([far(1, 100, { end: 'lost' }), far(2, 50)]);
    log.uses({ cpuSeconds: 150 });
  });
  const { records } = attempt(2, first.told, (log) => {
    log.elsewhere([far(1, 100, { end: 'lost' }), far(2, 70, { end: 'lost' }), far(3, 10, { end: 'done' })]);
    log.uses({ cpuSeconds: 180 });
  });
  expect(records.map(({ elsewhere }) => elsewhere?.map(({ attempt, end }) => [attempt, end]))).toEqual([
    [
      [1, 'lost'],
      [2, undefined],
    ],
    [
      [2, 'lost'],
      [3, 'done'],
    ],
  ]);
  expect(cpuOf(records[0])).toBeCloseTo(150, 0);
  expect(cpuOf(records[1])).toBeCloseTo(30, 0);
});

test('a job that was submitted anew, is counted from its beginning', () => {
  const first = attempt(1, undefined, (log) => {
    log.elsewhere([far(1, 100, { end: 'lost' })]);
    log.uses({ cpuSeconds: 100 });
  });
  const { records } = attempt(2, first.told, (log) => {
    log.elsewhere([far(1, 20, { startedAt: '2026-01-01T01:00:00.000Z' })]);
    log.uses({ cpuSeconds: 20 });
  });
  expect(cpuOf(records[1])).toBeCloseTo(20, 0);
  expect(records[1]?.elsewhere).toHaveLength(1);
});
