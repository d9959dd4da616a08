import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import { ORDINARY_CLASS, waitsForText, type ResourcePlan, type WaitsFor } from '../src/domain/resources.js';
import * as steps from './steps.js';

/**
 * Waits for steps that need a class of workers, and tells while they wait for one. On the ordinary class, whose workers run
 * this workflow too, it costs nothing.
 *
 * @param tell takes a sentence, and undefined when nothing waits any more
 */
export async function onClass<T>(
  resources: ResourcePlan | undefined,
  tell: (waits: string | undefined) => void,
  work: () => Promise<T>,
): Promise<T> {
  const name = resources?.class ?? ORDINARY_CLASS;
  if (name === ORDINARY_CLASS) return await work();
  const { taskQueue } = workflowInfo();
  const watching = new CancellationScope();
  let known: WaitsFor | undefined;
  const watch = async () => {
    for (let looks = 0; looks < MOST_CHANGES; looks++) {
      const found = await steps.watchWorkers(
        `Watch for a worker of class ${name}`,
        known === undefined ? {} : { known },
      );
      known = found.waitsFor;
      tell(known && waitsForText(known, name, taskQueue));
    }
  };
  // That nobody watches must not end what is watched.
  void watching.run(watch).catch(() => undefined);
  try {
    return await work();
  } finally {
    watching.cancel();
    if (known !== undefined) tell(undefined);
  }
}

/** Of one stage of a run: a history has room for much else. */
const MOST_CHANGES = 200;
