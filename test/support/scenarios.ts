import { Context } from '@temporalio/activity';
import { ApplicationFailure, type Client } from '@temporalio/client';
import type { Activities } from '../../activities/index.js';
import { backfillId } from '../../src/domain/backfill.js';
import { elsewhereId } from '../../src/domain/elsewhere.js';
import type { RunOutcome } from '../../src/domain/loop.js';
import { searchId } from '../../src/domain/search.js';
import { loopId, runId, scheduleId, type RunInput, type RunPlan } from '../../src/domain/run.js';
import type { TrainingRequest } from '../../src/domain/trigger.js';
import type { backfill } from '../../workflows/backfill.js';
import * as messages from '../../workflows/messages.js';
import type { modelLoop } from '../../workflows/model-loop.js';
import type { retrainOnSchedule } from '../../workflows/retrain-on-schedule.js';
import type { trainElsewhere } from '../../workflows/train-elsewhere.js';
import type { trainingRun } from '../../workflows/training-run.js';
import { fakePlan, fakeRef } from './fake-activities.js';

/** A way through the workflows whose history is recorded in `test/histories` and replayed on every change. */
export interface Scenario {
  readonly activities: Partial<Activities>;
  /** Plays it to the end and returns the id of the workflow whose history is kept. */
  play(client: Client, model: string): Promise<string>;
}

const request: TrainingRequest = { trigger: { kind: 'manual', by: 'ann', reason: 'a scenario' } };

/** One chunk at a time, so that each playing of it is the same. */
const searchingPlan: RunPlan = {
  ...fakePlan,
  search: { sampler: 'random', metric: 'brier', direction: 'minimize', trials: 4, parallel: 1, chunk: 2, money: 10 },
};

const broken = async () => {
  throw ApplicationFailure.create({
    type: 'DATA.CONTRACT',
    message: 'column "delay" is missing',
    nonRetryable: true,
    details: [{ code: 'DATA.CONTRACT', fix: 'Deliver the file again.' }],
  });
};

/** Every scenario must have a recorded history; `npm run histories` records them. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'run-promoted': { activities: {}, play: (client, model) => playRun(client, model) },
  'run-held': {
    activities: { 'perennial.judge': async () => ({ verdict: 'HOLD', reason: 'Not enough rows.', rules: [] }) },
    play: (client, model) => playRun(client, model),
  },
  'run-rejected': {
    activities: { 'perennial.judge': async () => ({ verdict: 'REJECT', reason: 'No skill.', rules: [] }) },
    play: (client, model) => playRun(client, model),
  },
  'run-broken-contract': {
    activities: { 'perennial.validate': broken },
    play: (client, model) => playRun(client, model),
  },
  'run-stale-promotion': {
    activities: {
      'perennial.promote': async () => {
        throw ApplicationFailure.create({ type: 'LEDGER.STALE', message: 'the champion changed', nonRetryable: true });
      },
    },
    play: (client, model) => playRun(client, model),
  },
  'rollout-unconfirmed': {
    activities: { 'perennial.deploy': async () => ({ servers: [], note: 'One server has not followed yet.' }) },
    play: (client, model) => playRun(client, model),
  },
  'loop-two-runs-one-queued': { activities: {}, play: playLoop },
  'loop-failed-run': { activities: { 'perennial.validate': broken }, play: playLoop },
  'schedule-outcome': { activities: {}, play: playSchedule },
  'schedule-told-nothing': {
    activities: {
      'perennial.findOutcome': async ({ run }) => ({ summary: 'Version 1 is live.', run, outcome: 'PROMOTE' }),
    },
    play: async (client, model) => {
      const workflowId = scheduleId(model);
      const args = [{ model, plan: fakePlan, patienceMs: 50 }] as Parameters<typeof retrainOnSchedule>;
      const options = { workflowId, taskQueue: 'perennial', args };
      await client.workflow.execute<typeof retrainOnSchedule>('retrainOnSchedule', options);
      return workflowId;
    },
  },
  'run-cancelled': {
    activities: {
      'perennial.train': async () => {
        const { client, info } = Context.current();
        await client.workflow.getHandle(info.workflowExecution!.workflowId).cancel();
        return await Context.current().cancelled;
      },
    },
    play: (client, model) => playRun(client, model),
  },
  'run-as-of-without-promotion': {
    activities: {
      'perennial.validate': async () => ({
        snapshot: fakeRef('7'),
        report: fakeRef('c'),
        rows: 990,
        message: '10 rows set aside',
        warnings: ['column "price" has drifted'],
      }),
      'perennial.train': async () => ({ bundle: fakeRef('e'), message: 'trained', cache: 'hit' as const }),
    },
    play: (client, model) => playRun(client, model, { asOf: '2025-01-13T00:00:00.000Z', promote: false, cache: true }),
  },
  'run-searched': { activities: {}, play: (client, model) => playRun(client, model, { plan: searchingPlan }) },
  'search-in-chunks': {
    activities: {
      'perennial.runTrials': async ({ trials: { from } }) => ({
        chunk: fakeRef(String(from)),
        counts: from === 2 ? { complete: 0, pruned: 1, failed: 0 } : { complete: 1, pruned: 0, failed: 0 },
        ...(from !== 2 && { best: { number: from, value: 1 / (from + 1), parameters: { depth: from } } }),
        seconds: 1,
        money: 0.1,
        message: 'one trial',
      }),
    },
    async play(client, model) {
      await playRun(client, model, { plan: searchingPlan });
      return searchId(model, 1);
    },
  },
  'search-failed': {
    activities: {
      'perennial.closeSearch': async () => {
        throw ApplicationFailure.create({ type: 'SEARCH.FAILED', message: 'no trial gave brier', nonRetryable: true });
      },
    },
    play: (client, model) => playRun(client, model, { plan: searchingPlan }),
  },
  'backfill-three-windows': {
    activities: {
      'perennial.findBackfilled': async ({ ends }) => [
        { asOf: ends[0]!, run: 1, outcome: 'HOLD', summary: 'Not enough rows.' },
      ],
      'perennial.askForTraining': answerer(
        (request, run) => ({ run, outcome: 'PROMOTE', version: run, summary: `As of ${request.asOf}` }),
        { busy: 1 },
      ),
    },
    play: playBackfill,
  },
  'backfill-stopped': {
    activities: {
      'perennial.askForTraining': answerer((_request, run) => ({
        run,
        outcome: 'FAILED',
        failure: { code: 'DATA.CONTRACT', stage: 'validate' },
        summary: 'column "delay" is missing',
      })),
    },
    play: playBackfill,
  },
  'backfill-cancelled-at-once': {
    activities: {
      'perennial.askForTraining': async ({ request }) => {
        const backfill = Context.current().client.workflow.getHandle(request.replyTo!);
        await backfill.signal(messages.cancelBackfilledRun);
        await backfill.cancel();
        return { message: 'Started run 1', outcome: 'started', run: 1 };
      },
      'perennial.findOutcome': async ({ run }) => ({
        run,
        outcome: 'FAILED',
        failure: { code: 'RUN.CANCELLED' },
        summary: 'Run 1 was cancelled',
      }),
    },
    play: playBackfill,
  },
  'elsewhere-done': { activities: {}, play: playElsewhere },
  'elsewhere-cancelled': {
    activities: {
      'perennial.train': async () => {
        const context = Context.current();
        const beat = setInterval(() => context.heartbeat(), 100);
        try {
          await context.client.workflow.getHandle(context.info.workflowExecution!.workflowId).cancel();
          return await context.cancelled;
        } finally {
          clearInterval(beat);
        }
      },
    },
    play: playElsewhere,
  },
  'schedule-refused': {
    activities: {
      'perennial.askForTraining': async () => ({ message: 'm is paused', outcome: 'refused', reason: 'paused' }),
    },
    play: playSchedule,
  },
};

/** The activity that is asked has the name of one of ours, and gives what that gives: the workflow hands it on unseen. */
async function playElsewhere(client: Client, model: string): Promise<string> {
  const workflowId = elsewhereId(`${model}-1`, 'a'.repeat(64));
  const order = { url: 'http://127.0.0.1:9/perennial/order', sha256: 'b'.repeat(64), bytes: 900 };
  const far = { activity: 'perennial.train', taskQueue: 'perennial' };
  const input = { ...far, name: `${model}-1`, order, timeoutMs: 60_000, validMs: 86_400_000 };
  const options = { workflowId, taskQueue: 'perennial', args: [input] as Parameters<typeof trainElsewhere> };
  await client.workflow.execute<typeof trainElsewhere>('trainElsewhere', options).catch(() => undefined);
  return workflowId;
}

async function playRun(client: Client, model: string, wishes: Partial<RunInput> = {}): Promise<string> {
  const workflowId = runId(model, 1);
  const input = { model, run: 1, plan: fakePlan, trigger: request.trigger, snapshot: fakeRef('9'), ...wishes };
  const options = { workflowId, taskQueue: 'perennial', args: [input] as Parameters<typeof trainingRun> };
  await client.workflow.execute<typeof trainingRun>('trainingRun', options).catch(() => undefined);
  return workflowId;
}

async function playBackfill(client: Client, model: string): Promise<string> {
  const workflowId = backfillId(model);
  const range = { from: '2025-01-01T00:00:00.000Z', to: '2025-01-22T00:00:00.000Z', every: '1w' };
  const input = { model, plan: fakePlan, range, promote: false, by: 'ann', patienceMs: 200 };
  const options = { workflowId, taskQueue: 'perennial', args: [input] as Parameters<typeof backfill> };
  await client.workflow.execute<typeof backfill>('backfill', options).catch(() => undefined);
  return workflowId;
}

/** The loop as a backfill sees it: busy for the first requests, then a run for each, whose end it tells at once. */
function answerer(
  outcomeOf: (request: TrainingRequest, run: number) => RunOutcome,
  { busy = 0 } = {},
): Activities['perennial.askForTraining'] {
  let asked = 0;
  return async ({ request }) => {
    const run = ++asked - busy;
    if (run < 1) return { message: 'Run 7 comes first', outcome: 'refused', reason: 'busy' };
    const backfill = Context.current().client.workflow.getHandle(request.replyTo!);
    await backfill.signal(messages.runFinished, outcomeOf(request, run));
    return { message: `Started run ${run}`, outcome: 'started', run };
  };
}

async function playLoop(client: Client, model: string): Promise<string> {
  const workflowId = loopId(model);
  const loop = await client.workflow.start<typeof modelLoop>('modelLoop', {
    workflowId,
    taskQueue: 'perennial',
    args: [{ model, plan: fakePlan }],
  });
  await loop.executeUpdate(messages.requestTraining, { updateId: 'one', args: [request] });
  await loop.executeUpdate(messages.requestTraining, {
    updateId: 'two',
    args: [{ ...request, parameters: { depth: 3 } }],
  });
  await loop.executeUpdate(messages.pause, { args: [{ by: 'ann' }] });
  await loop.executeUpdate(messages.resume, { args: [{ by: 'ann' }] });
  await loop.signal(messages.setPlan, fakePlan);
  for (let seen = 0; seen < 2;) {
    seen = (await loop.query(messages.status)).recent.length;
    if (seen < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await loop.terminate();
  return workflowId;
}

async function playSchedule(client: Client, model: string): Promise<string> {
  const workflowId = scheduleId(model);
  const asked = await client.workflow.start<typeof retrainOnSchedule>('retrainOnSchedule', {
    workflowId,
    taskQueue: 'perennial',
    args: [{ model, plan: fakePlan }],
  });
  await asked.signal(messages.runFinished, {
    summary: 'Version 1 is live.',
    run: 1,
    outcome: 'PROMOTE',
    version: 1,
    champion: 1,
  });
  await asked.result();
  return workflowId;
}
