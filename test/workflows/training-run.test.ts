import { Context } from '@temporalio/activity';
import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../activities/index.js';
import type { AttemptRecord } from '../../src/domain/attempt.js';
import { runId, type RunInput, type RunRecord, type RunResult } from '../../src/domain/run.js';
import type { trainingRun } from '../../workflows/training-run.js';
import { fakeActivities, fakePlan, fakeRef } from '../support/fake-activities.js';
import { plainCells } from '../support/plain-cells.js';
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
  options: {
    maxCachedWorkflows?: number;
    run?: number;
    wishes?: Partial<RunInput>;
    onStart?: (handle: WorkflowHandle) => void;
  } = {},
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
    const started = { ...input, run: options.run ?? 1, ...options.wishes };
    const handle = await temporal.client.workflow.start<typeof trainingRun>('trainingRun', {
      workflowId: runId('m', started.run),
      taskQueue: 'perennial',
      args: [started],
    });
    options.onStart?.(handle);
    const result = await handle.result().catch((error: unknown) => error);
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return { result, description: await handle.describe(), story: plainCells(currentDetails) };
  });
  return { ...outcome, calls, records };
}

const attempt = (worker: string, end: AttemptRecord['end']): AttemptRecord => ({
  attempt: 1,
  worker,
  startedAt: '2026-01-01T00:00:00.000Z',
  end,
  usage: { wallMs: 5 },
});

describe('attempts', () => {
  it('of every step stand in the record, those of the rollout too', async () => {
    const { records } = await runWith({
      'perennial.train': async () => ({
        cache: 'miss',
        bundle: fakeRef('e'),
        message: 'trained',
        attempts: [attempt('one', 'lost'), attempt('two', 'done')],
      }),
      'perennial.deploy': async () => ({ servers: [], attempts: [attempt('three', 'done')] }),
    });
    expect(records[0]?.steps).toEqual({
      train: { attempts: [attempt('one', 'lost'), attempt('two', 'done')] },
      deploy: { attempts: [attempt('three', 'done')] },
    });
  });

  describe('of a search', () => {
    const plan = {
      ...fakePlan,
      search: { sampler: 'random', metric: 'brier', direction: 'minimize', trials: 4, parallel: 1, chunk: 2 },
    } as const;
    /** The first chunk is done, the second is not. */
    const chunks = (second: () => Promise<never>): Partial<Activities> => ({
      'perennial.runTrials': async (asked) => {
        if (asked.trials.from > 0) return await second();
        return { ...(await fakeActivities()['perennial.runTrials'](asked)), attempts: [attempt('one', 'done')] };
      },
    });

    it('that fails stand in the record of the failed run', async () => {
      const attempts = [attempt('two', 'failed')];
      const details = [{ code: 'TRAINER.FAILED' }, { attempts }];
      const failure = { type: 'TRAINER.FAILED', message: 'no', nonRetryable: true, details };
      const { records } = await runWith(
        chunks(() => Promise.reject(ApplicationFailure.create(failure))),
        { run: 51, wishes: { plan } },
      );
      expect(records).toMatchObject([
        { outcome: 'FAILED', steps: { search: { attempts: [attempt('one', 'done'), ...attempts] } } },
      ]);
    });

    it('that is cancelled too', async () => {
      let cancel: (() => Promise<unknown>) | undefined;
      const { records } = await runWith(
        chunks(async () => {
          await cancel!();
          return await Context.current().cancelled;
        }),
        { run: 52, wishes: { plan }, onStart: (handle) => (cancel = () => handle.cancel()) },
      );
      expect(records).toMatchObject([
        { failure: { code: 'RUN.CANCELLED' }, steps: { search: { attempts: [attempt('one', 'done')] } } },
      ]);
    });
  });

  it('of a step that failed stand in the record of the failed run', async () => {
    const { records } = await runWith({
      'perennial.train': async () => {
        const attempts = [attempt('one', 'failed')];
        const details = [{ code: 'TRAINER.FAILED' }, { attempts }];
        throw ApplicationFailure.create({ type: 'TRAINER.FAILED', message: 'no', nonRetryable: true, details });
      },
    });
    expect(records).toMatchObject([{ outcome: 'FAILED', steps: { train: { attempts: [{ end: 'failed' }] } } }]);
  });
});

describe('a step that is quick', () => {
  const scheduled = async (run: number) => {
    const { events } = await temporal.client.workflow.getHandle(runId('m', run)).fetchHistory();
    return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: activity }) =>
      activity?.activityType?.name ? [activity.activityType.name] : [],
    );
  };

  it('costs no turn of an activity, and one whose store is away is one, to be seen and tried again', async () => {
    const register = 'perennial.register';
    let tries = 0;
    const { result } = await runWith(
      {
        [register]: async () => {
          if (++tries < 3) throw new Error('the store is away');
          return { generation: 1, version: 1 };
        },
      },
      { run: 41 },
    );
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1 });
    expect(tries).toBe(3);
    const activities = await scheduled(41);
    expect(activities).toContain(register);
    expect(activities).not.toContain('perennial.record');
  });
});

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
        cache: 'miss',
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
          return { cache: 'miss', bundle: fakeRef('e'), message: '' };
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

  it('goes on from what the check has left: the snapshot without the rows that were set aside', async () => {
    const splits: unknown[] = [];
    const { result, records } = await runWith({
      'perennial.validate': async () => ({
        snapshot: fakeRef('7'),
        report: fakeRef('c'),
        rows: 990,
        message: '10 rows set aside',
        warnings: ['column "price" has drifted', 'source "visits" is a day late'],
      }),
      'perennial.split': async ({ snapshot }) => {
        splits.push(snapshot);
        return {
          cache: 'miss',
          split: fakeRef('d'),
          rows: { train: 800, validation: 50, test: 100 },
          message: 'split',
        };
      },
    });
    expect(splits).toEqual([fakeRef('7')]);
    expect(result).toMatchObject({
      snapshot: fakeRef('7'),
      rows: { total: 990, new: 100 },
      warnings: ['column "price" has drifted', 'source "visits" is a day late'],
      evidence: { snapshot: '7'.repeat(64), changes: '8'.repeat(64) },
    });
    expect(records).toMatchObject([{ evidence: { changes: '8'.repeat(64), report: 'c'.repeat(64) } }]);
  });

  it('tells warnings and whether a step was taken from an earlier run, to people and in the record', async () => {
    const seen: unknown[] = [];
    const overrides: Partial<Activities> = {
      'perennial.validate': async ({ snapshot }) => ({
        snapshot,
        report: fakeRef('c'),
        rows: 1000,
        message: 'kept',
        warnings: ['column "price" has drifted'],
      }),
      'perennial.split': async ({ cache }) => {
        seen.push(cache);
        return {
          split: fakeRef('d'),
          rows: { train: 800, validation: 50, test: 100 },
          message: 'split',
          cache: 'hit' as const,
        };
      },
      'perennial.train': async ({ cache }) => {
        seen.push(cache);
        return { bundle: fakeRef('e'), message: 'trained', cache: 'miss' as const };
      },
      'perennial.evaluate': async ({ cache }) => {
        seen.push(cache);
        throw ApplicationFailure.create({ type: 'MODEL.UNUSABLE', message: 'nonsense', nonRetryable: true });
      },
    };
    const { records, story } = await runWith(overrides);
    expect(story).toContain('| warning | column "price" has drifted |');
    expect(story).toContain('| split | split (step cache: hit) |');
    // Also of a run that failed, as far as it went.
    expect(records).toMatchObject([{ outcome: 'FAILED', cache: { split: 'hit', train: 'miss' } }]);
    await runWith(overrides, { run: 2, wishes: { cache: false } });
    expect(seen).toEqual([undefined, undefined, undefined, false, false, false]);
  });

  it('works as of a time in the past: the split is cut there, the record and the story say so', async () => {
    const asOf = '2025-01-13T00:00:00.000Z';
    const splits: unknown[] = [];
    const { records, story } = await runWith(
      {
        'perennial.split': async (input) => {
          splits.push(input.asOf);
          return {
            cache: 'miss',
            split: fakeRef('d'),
            rows: { train: 800, validation: 50, test: 100 },
            message: 'split',
          };
        },
      },
      { wishes: { asOf } },
    );
    expect(splits).toEqual([asOf]);
    expect(records).toMatchObject([{ asOf }]);
    expect(story).toContain('rows from then on are left out');
  });

  it('registers a candidate that won and rolls nothing out when nobody wants it promoted', async () => {
    const { result, calls, records } = await runWith({}, { wishes: { promote: false } });
    expect(calls).toContain('register');
    expect(calls).not.toContain('promote');
    expect(result).toMatchObject({
      summary: 'Version 1 would have been promoted; as asked, no version is live yet. It is good.',
      verdict: 'PROMOTE',
      version: 1,
      champion: 0,
    });
    expect(records).toMatchObject([{ outcome: 'PROMOTE', promote: false }]);
  });
});
