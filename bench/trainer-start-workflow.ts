import { proxyActivities } from '@temporalio/workflow';
import type { TrainerStartActivities } from './trainer-start.js';

const { noop, start } = proxyActivities<TrainerStartActivities>({ startToCloseTimeout: '1 minute' });

/** One activity, so that a workflow's time is that of the activity and of what is the same for both. */
export async function one(name: 'noop' | 'start'): Promise<void> {
  await (name === 'noop' ? noop() : start());
}
