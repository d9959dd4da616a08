import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { modelLoop } from '../workflows/model-loop.js';
import { modelKey } from '../workflows/search-attributes.js';
import { runPrefix, type Ref } from './domain/artifact.js';
import { loopId, loopMemo, runId, type RunPlan, type RunRecord } from './domain/run.js';
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
  const keys: string[] = [];
  for await (const { key } of store.list(runPrefix(model))) keys.push(key);
  const [firstRun, snapshot] = await Promise.all([freeRun(client, model, keys.at(-1)), newestSnapshot(store, keys)]);
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
async function freeRun(client: Client, model: string, newestKey: string | undefined): Promise<number> {
  let run = Number(/(\d+)\.json$/.exec(newestKey ?? '')?.[1] ?? 0) + 1;
  while (await isKnown(client, runId(model, run))) run++;
  return run;
}

async function isKnown(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function newestSnapshot(store: ArtifactStore, keys: readonly string[]): Promise<Ref | undefined> {
  for (const key of keys.slice(-LOOKED_AT).toReversed()) {
    const { result } = JSON.parse((await store.read(key)).toString('utf8')) as RunRecord;
    if (result) return result.snapshot;
  }
  return undefined;
}
