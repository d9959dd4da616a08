import { proxyActivities } from '@temporalio/workflow';

const { noop } = proxyActivities<{ noop(): Promise<void> }>({ startToCloseTimeout: '1m' });

/** The peer of the step bench: so many activities, one after the other, and nothing else. */
export async function bare(steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) await noop();
}
