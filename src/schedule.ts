import type { Client, ScheduleOptions, ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { retrainOnSchedule } from '../workflows/retrain-on-schedule.js';
import { modelKey, triggerKey } from '../workflows/search-attributes.js';
import { canonicalJson } from './domain/canonical.js';
import { scheduleId, type RunPlan } from './domain/run.js';
import type { ModelSpec } from './spec/spec.js';

/** What was done about the Schedule of a model. */
export type ScheduleChange = 'created' | 'updated' | 'unchanged' | 'removed' | 'none';

/**
 * Makes the Temporal Schedule of a model match its spec. Pausing or unpausing it by hand is kept: only the spec's own
 * change of `paused` at creation counts.
 */
export async function ensureSchedule(
  client: Client,
  spec: ModelSpec,
  plan: RunPlan,
  taskQueue: string,
): Promise<ScheduleChange> {
  const wanted = scheduleOptions(spec, plan, taskQueue);
  if (!wanted) return await removeSchedule(client, spec.name);
  try {
    await client.schedule.create(wanted);
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
  const handle = client.schedule.getHandle(wanted.scheduleId);
  const { action } = await handle.describe();
  // The plan names the spec by digest and the spec holds the schedule: equal arguments mean an equal schedule.
  if (action.taskQueue === taskQueue && canonicalJson(action.args) === canonicalJson(wanted.action.args))
    return 'unchanged';
  await handle.update(({ state }) => ({ spec: wanted.spec, action: wanted.action, policies: wanted.policies, state }));
  return 'updated';
}

function scheduleOptions(spec: ModelSpec, plan: RunPlan, taskQueue: string) {
  const { schedule } = spec.triggers;
  if (!schedule) return undefined;
  const model = spec.name;
  return {
    scheduleId: scheduleId(model),
    spec: { cronExpressions: [schedule.cron], timezone: schedule.timezone },
    action: {
      type: 'startWorkflow',
      workflowType: 'retrainOnSchedule',
      workflowId: scheduleId(model),
      taskQueue,
      args: [{ model, plan }],
      staticSummary: `Scheduled retraining of ${model}`,
      typedSearchAttributes: [
        { key: modelKey, value: model },
        { key: triggerKey, value: 'schedule' },
      ],
    },
    // A retraining that was missed for a day is not made up for: the next one sees the same data.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' },
    state: { paused: schedule.paused, note: plan.objective },
  } satisfies ScheduleOptions<ScheduleOptionsStartWorkflowAction<typeof retrainOnSchedule>>;
}

async function removeSchedule(client: Client, model: string): Promise<ScheduleChange> {
  try {
    await client.schedule.getHandle(scheduleId(model)).delete();
    return 'removed';
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return 'none';
    throw error;
  }
}
