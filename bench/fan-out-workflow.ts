import { proxyActivities } from '@temporalio/workflow';

const { noop } = proxyActivities<{ noop(): Promise<void> }>({ startToCloseTimeout: '1m' });

/** As many activities that do nothing, so many at the same time. */
export async function fanOut(activities: number, parallel: number): Promise<void> {
  let left = activities;
  const lane = async () => {
    while (left-- > 0) await noop();
  };
  await Promise.all(Array.from({ length: parallel }, lane));
}
