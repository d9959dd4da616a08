import { Context } from '@temporalio/activity';
import { ApplicationFailure, type Client } from '@temporalio/client';
import type { Activities } from '../../activities/index.js';
import { loopId, runId, scheduleId } from '../../src/domain/run.js';
import type { TrainingRequest } from '../../src/domain/trigger.js';
import * as messages from '../../workflows/messages.js';
import type { modelLoop } from '../../workflows/model-loop.js';
import type { retrainOnSchedule } from '../../workflows/retrain-on-schedule.js';
import type { trainingRun } from '../../workflows/training-run.js';
import { fakePlan, fakeRef } from './fake-activities.js';

/** A way through the workflows whose history is recorded in `test/histories` and replayed on every change. */
export interface Scenario {
  readonly activities: Partial<Activities>;
  /** Plays it to the end and returns the id of the workflow whose history is kept. */
  play(client: Client, model: string): Promise<string>;
}

const request: TrainingRequest = { trigger: { kind: 'manual', by: 'ann', reason: 'a scenario' } };

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
  'run-promoted': { activities: {}, play: playRun },
  'run-held': {
    activities: { 'perennial.judge': async () => ({ verdict: 'HOLD', reason: 'Not enough rows.', rules: [] }) },
    play: playRun,
  },
  'run-rejected': {
    activities: { 'perennial.judge': async () => ({ verdict: 'REJECT', reason: 'No skill.', rules: [] }) },
    play: playRun,
  },
  'run-broken-contract': { activities: { 'perennial.validate': broken }, play: playRun },
  'run-stale-promotion': {
    activities: {
      'perennial.promote': async () => {
        throw ApplicationFailure.create({ type: 'LEDGER.STALE', message: 'the champion changed', nonRetryable: true });
      },
    },
    play: playRun,
  },
  'rollout-unconfirmed': {
    activities: { 'perennial.deploy': async () => ({ servers: [], note: 'One server has not followed yet.' }) },
    play: playRun,
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
    play: playRun,
  },
  'schedule-refused': {
    activities: {
      'perennial.askForTraining': async () => ({ message: 'm is paused', outcome: 'refused', reason: 'paused' }),
    },
    play: playSchedule,
  },
};

async function playRun(client: Client, model: string): Promise<string> {
  const workflowId = runId(model, 1);
  const options = {
    workflowId,
    taskQueue: 'perennial',
    args: [{ model, run: 1, plan: fakePlan, trigger: request.trigger, snapshot: fakeRef('9') }] as Parameters<
      typeof trainingRun
    >,
  };
  await client.workflow.execute<typeof trainingRun>('trainingRun', options).catch(() => undefined);
  return workflowId;
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
