import type { WorkflowStartOptions } from '@temporalio/client';
import type { modelLoop } from '../workflows/model-loop.js';
import { modelKey } from '../workflows/search-attributes.js';
import { runPrefix } from './domain/artifact.js';
import { loopId, loopMemo, type RunPlan } from './domain/run.js';
import type { ArtifactStore } from './stores/store.js';

/** How the loop of a model is started, unless it runs already; runs are numbered on from the records. */
export async function loopOptions(store: ArtifactStore, model: string, plan: RunPlan, taskQueue: string) {
  const firstRun = (await newestRun(store, model)) + 1;
  return {
    workflowId: loopId(model),
    taskQueue,
    args: [{ model, plan, firstRun }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    // A worker that died is noticed this fast; the default of ten seconds is felt at every restart.
    workflowTaskTimeout: '5s',
    typedSearchAttributes: [{ key: modelKey, value: model }],
    staticSummary: `Keeps ${model} fresh`,
    staticDetails: plan.objective,
    memo: loopMemo(plan),
  } satisfies WorkflowStartOptions<typeof modelLoop>;
}

async function newestRun(store: ArtifactStore, model: string): Promise<number> {
  let newest = 0;
  for await (const { key } of store.list(runPrefix(model))) newest = Number(/(\d+)\.json$/.exec(key)?.[1] ?? newest);
  return newest;
}
