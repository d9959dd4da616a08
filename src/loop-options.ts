import type { Client, WorkflowStartOptions } from '@temporalio/client';
import type { modelLoop } from '../workflows/model-loop.js';
import { modelKey } from '../workflows/search-attributes.js';
import type { Ref } from './domain/artifact.js';
import { loopId, loopMemo, runId, type RunPlan } from './domain/run.js';
import { findExecution } from './find-execution.js';
import { readRunRecord, recordedRuns } from './stores/run-records.js';
import type { ArtifactStore } from './stores/store.js';

/** How many of the newest records are asked for a snapshot that was accepted. */
const LOOKED_AT = 20;

/**
 * How the loop of a model is started, unless it runs already. It goes on where an earlier loop of this model ended: after
 * the newest run that left a record or is known to Temporal, and from the newest snapshot that a run ended well with.
 */
export async function loopOptions(
  { client, store }: { readonly client: Client; readonly store: ArtifactStore },
  model: string,
  plan: RunPlan,
  taskQueue: string,
) {
  const runs = await recordedRuns(store, model);
  const [firstRun, snapshot] = await Promise.all([
    freeRun(client, model, runs.at(-1) ?? 0),
    newestSnapshot(store, model, runs),
  ]);
  return {
    workflowId: loopId(model),
    taskQueue,
    args: [{ model, plan, firstRun, ...(snapshot && { snapshot }) }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    // A worker that died is noticed this fast; the default of ten seconds is felt at every restart.
    workflowTaskTimeout: '5s',
    typedSearchAttributes: [{ key: modelKey, value: model }],
    staticSummary: `Keeps ${model} fresh`,
    staticDetails: plan.objective,
    memo: loopMemo(plan),
  } satisfies WorkflowStartOptions<typeof modelLoop>;
}

/** A run that outlived its loop has no record yet, but Temporal knows it. */
async function freeRun(client: Client, model: string, newest: number): Promise<number> {
  let run = newest + 1;
  while (await findExecution(client, runId(model, run))) run++;
  return run;
}

async function newestSnapshot(store: ArtifactStore, model: string, runs: readonly number[]): Promise<Ref | undefined> {
  for (const run of runs.slice(-LOOKED_AT).toReversed()) {
    const { result } = await readRunRecord(store, model, run);
    if (result) return result.snapshot;
  }
  return undefined;
}
