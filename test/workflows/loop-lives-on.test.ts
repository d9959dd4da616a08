import { afterAll, beforeAll, expect, it } from 'vitest';
import { loopId, loopMemo } from '../../src/domain/run.js';
import type { TrainingRequest } from '../../src/domain/trigger.js';
import { modelKey } from '../../workflows/search-attributes.js';
import * as messages from '../../workflows/messages.js';
import type { modelLoop } from '../../workflows/model-loop.js';
import { fakeActivities, fakePlan, fakeRef } from '../support/fake-activities.js';
import { testTemporal, testWorker, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
beforeAll(async () => {
  // A history grows long after years; here after sixty events.
  temporal = await testTemporal({ dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '60' } });
});
afterAll(() => temporal.stop());

it('a loop continues as new with its state: run numbers, answers by request id, pause, plan and snapshot', async () => {
  const worker = await testWorker(temporal, { activities: fakeActivities() });
  await worker.runUntil(async () => {
    const { workflow } = temporal.client;
    const started = await workflow.start<typeof modelLoop>('modelLoop', {
      workflowId: loopId('m'),
      taskQueue: 'perennial',
      args: [{ model: 'm', plan: fakePlan }],
      memo: loopMemo(fakePlan),
      typedSearchAttributes: [{ key: modelKey, value: 'm' }],
    });
    const plan = { ...fakePlan, spec: fakeRef('c') };
    const loop = workflow.getHandle<typeof modelLoop>(loopId('m'));
    const ask = async (id: string) => {
      const request: TrainingRequest = { trigger: { kind: 'manual', by: 'ann', reason: id } };
      return await loop.executeUpdate(messages.requestTraining, { updateId: id, args: [request] });
    };
    const first = await ask('first');
    await loop.executeUpdate(messages.pause, { args: [{ by: 'ann' }] });
    await loop.signal(messages.setPlan, plan);
    const executions = new Set([started.firstExecutionRunId]);
    let runs = 1;
    while (executions.size < 3) {
      await ask(`again-${runs++}`);
      executions.add((await loop.describe()).runId);
      expect(runs).toBeLessThan(500);
    }
    expect(await ask('first')).toEqual(first);
    const state = await loop.query(messages.status);
    expect(state).toMatchObject({ paused: true, plan });
    expect(state.snapshot?.sha256[0]).toBe('b');
    expect(state.nextRun).toBeGreaterThan(2);
    const { memo, searchAttributes } = await loop.describe();
    expect(memo).toMatchObject({ perennial: { spec: plan.spec.sha256 } });
    expect(searchAttributes).toMatchObject({ PerennialModel: ['m'] });
    await loop.terminate();
  });
}, 120_000);
