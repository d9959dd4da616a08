import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { createActivities, type ActivityDeps } from '../../activities/index.js';

/** The activities as a worker calls them, without a worker: what they ask of it is answered here. */
export function activityBench(deps: ActivityDeps) {
  const activities = createActivities(deps);
  return {
    /** Runs one of them; aborting the signal is Temporal's cancellation. */
    async run<K extends keyof typeof activities>(
      name: K,
      input: Parameters<(typeof activities)[K]>[0],
      cancellationSignal = new AbortController().signal,
    ): Promise<Awaited<ReturnType<(typeof activities)[K]>>> {
      const info = { activityType: name, attempt: 1, heartbeatTimeoutMs: 4000 };
      const context = { info, cancellationSignal, heartbeat: () => undefined } as unknown as Context;
      const activity = activities[name] as (given: typeof input) => Promise<unknown>;
      // One name of many: the compiler cannot see that this function gives this result.
      return (await asyncLocalStorage.run(context, () => activity(input))) as Awaited<
        ReturnType<(typeof activities)[K]>
      >;
    },
  };
}
