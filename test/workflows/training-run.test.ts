import { Context } from '@temporalio/activity';
import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../activities/index.js';
import { runId, type RunInput, type RunRecord, type RunResult } from '../../src/domain/run.js';
import type { trainingRun } from '../../workflows/training-run.js';
import { fakeActivities, fakePlan, fakeRef } from '../support/fake-activities.js';
import { testTemporal, testWorker, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await testTemporal();
});
afterAll(() => temporal.stop());

const input: RunInput = {
  model: 'm',
  run: 1,
  plan: fakePlan,
  trigger: { kind: 'manual', by: 'ann', reason: 'a test' },
};

/** Runs one training run with fake activities that note their names and what is recorded. */
async function runWith(
  overrides: Partial<Activities>,
  options: { maxCachedWorkflows?: number; run?: number; onStart?: (handle: WorkflowHandle) => void } = {},
) {
  const calls: string[] = [];
  const records: RunRecord[] = [];
  const activities = fakeActivities({
    'perennial.record': async (record) => void records.push(record),
    ...overrides,
  });
  const noted = Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      (argument: never) => {
        calls.push(name.replace('perennial.', ''));
        return activity(argument);
      },
    ]),
  );
  const { maxCachedWorkflows } = options;
  const worker = await testWorker(temporal, {
    activities: noted,
    ...(maxCachedWorkflows !== undefined && { maxCachedWorkflows }),
    maxHeartbeatThrottleInterval: '100ms',
  });
  const outcome = await worker.runUntil(async () => {
    const started = { ...input, run: options.run ?? 1 };
    const handle = await temporal.client.workflow.start<typeof trainingRun>('trainingRun', {
      workflowId: runId('m', started.run),
      taskQueue: 'perennial',
      args: [started],
    });
    options.onStart?.(handle);
    const result = await handle.result().catch((error: unknown) => error);
    return { result, description: await handle.describe() };
  });
  return { ...outcome, calls, records };
}

describe('trainingRun', () => {
  it('walks all steps in order and ends with a sentence, the verdict and the record', async () => {
    const { result, calls, records, description } = await runWith({});
    expect(calls).toEqual([
      'ingest',
      'validate',
      'split',
      'train',
      'evaluate',
      'judge',
      'register',
      'promote',
      'deploy',
      'record',
    ]);
    expect(result).toMatchObject({
      summary: 'Version 1 is now live. It is good.',
      verdict: 'PROMOTE',
      version: 1,
      champion: 1,
      rows: { total: 1000, new: 100, train: 800, validation: 50, test: 100 },
    });
    expect(Object.keys(result as object)[0]).toBe('summary');
    expect(records).toMatchObject([{ run: 1, outcome: 'PROMOTE', evidence: { bundle: 'e'.repeat(64) } }]);
    expect(description.searchAttributes).toMatchObject({ PerennialStage: ['done'], PerennialVerdict: ['PROMOTE'] });
  });

  it('takes a refusal as a result: nothing is promoted and the champion stays', async () => {
    const { result, calls, records } = await runWith({
      'perennial.judge': async () => ({ verdict: 'REJECT', reason: 'No skill.', rules: [] }),
      'perennial.evaluate': async () => ({
        evaluation: fakeRef('f'),
        champion: 3,
        metrics: { candidate: {} },
        message: '',
      }),
    });
    expect(calls).not.toContain('promote');
    expect(result).toMatchObject({
      summary: 'The candidate was refused and version 3 stays live. No skill.',
      verdict: 'REJECT',
      champion: 3,
    });
    expect(records).toMatchObject([{ outcome: 'REJECT' }]);
  });

  it('registers a candidate that is not proven and leaves the champion', async () => {
    const { result, calls } = await runWith({
      'perennial.judge': async () => ({ verdict: 'HOLD', reason: 'Not enough rows.', rules: [] }),
    });
    expect(calls).toContain('register');
    expect(calls).not.toContain('promote');
    expect(result).toMatchObject({ verdict: 'HOLD', version: 1, champion: 0 });
  });

  it('fails once with stage, code and next step, records it, and trains nothing after a broken contract', async () => {
    const { result, calls, records, description } = await runWith({
      'perennial.validate': async () => {
        throw ApplicationFailure.create({
          type: 'DATA.CONTRACT',
          message: 'column "delay" is missing: ask dora',
          nonRetryable: true,
          details: [{ code: 'DATA.CONTRACT', fix: 'Deliver the file again.' }],
        });
      },
    });
    expect(calls).toEqual(['ingest', 'validate', 'record']);
    expect(result).toBeInstanceOf(WorkflowFailedError);
    expect((result as WorkflowFailedError).cause).toMatchObject({
      type: 'DATA.CONTRACT',
      message: 'Run 1 failed at validate: column "delay" is missing: ask dora',
    });
    expect(records).toMatchObject([
      { outcome: 'FAILED', failure: { stage: 'validate', code: 'DATA.CONTRACT', fix: 'Deliver the file again.' } },
    ]);
    expect(description.searchAttributes).toMatchObject({ PerennialStage: ['validate'], PerennialVerdict: ['FAILED'] });
  });

  it('comes to the same end when every task replays from the start', async () => {
    const { result } = await runWith({}, { maxCachedWorkflows: 0 });
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1 });
  });

  it('ends as cancelled with a record, and a promotion that was made stands', async () => {
    let cancel: (() => Promise<unknown>) | undefined;
    const { result, records } = await runWith(
      {
        'perennial.deploy': async () => {
          await cancel!();
          return { servers: ['http://127.0.0.1:1'] };
        },
      },
      { onStart: (handle) => (cancel = () => handle.cancel()) },
    );
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1, champion: 1 });
    expect(records).toMatchObject([{ outcome: 'PROMOTE' }]);

    const early = await runWith(
      {
        'perennial.train': async () => {
          await cancel!();
          await Context.current().cancelled;
          return { bundle: fakeRef('e'), message: '' };
        },
      },
      { onStart: (handle) => (cancel = () => handle.cancel()) },
    );
    expect(early.description.status.name).toBe('CANCELLED');
    expect(early.records).toMatchObject([{ outcome: 'FAILED', failure: { stage: 'train', code: 'RUN.CANCELLED' } }]);
  });

  it('takes servers that cannot even be asked for a note, not for a failure', async () => {
    const { result } = await runWith({
      'perennial.deploy': async () => {
        throw ApplicationFailure.create({ type: 'STORE.UNAVAILABLE', message: 'no answer', nonRetryable: true });
      },
    });
    expect(result).toMatchObject({ verdict: 'PROMOTE', champion: 1 });
    expect((result as RunResult).summary).toContain('Whether the servers follow is not known: no answer.');
  });

  it('says so when no server confirmed a promotion that stands', async () => {
    const { result } = await runWith({
      'perennial.deploy': async () => ({ servers: [], note: 'Server http://127.0.0.1:1 has not followed yet.' }),
    });
    expect(result).toMatchObject({
      verdict: 'PROMOTE',
      summary: 'Version 1 is now live. It is good. Server http://127.0.0.1:1 has not followed yet.',
    });
  });
});
