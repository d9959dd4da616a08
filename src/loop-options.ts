import type { Client, WorkflowStartOptions } from '@temporalio/client';
import type { modelLoop } from '../workflows/model-loop.js';
import { modelKey } from '../workflows/search-attributes.js';
import type { Ref } from './domain/artifact.js';
import type { LoopBefore } from './domain/loop.js';
import { loopId, loopMemo, runId, type LoopMemo, type RunPlan } from './domain/run.js';
import { findExecution } from './find-execution.js';
import { readRunRecord, recordedRuns } from './stores/run-records.js';
import type { ArtifactStore } from './stores/store.js';

/** How many of the newest records are looked at. */
const LOOKED_AT = 20;

/**
 * How the loop of a model is started, unless it runs already. It goes on where an earlier loop of this model ended: after
 * the newest run that left a record or is known to Temporal, from the newest snapshot that a run ended well with, in the
 * cooldown of the newest run, and paused if that loop was.
 */
export async function loopOptions(
  { client, store }: { readonly client: Client; readonly store: ArtifactStore },
  model: string,
  plan: RunPlan,
  taskQueue: string,
) {
  const runs = await recordedRuns(store, model);
  const [firstRun, left, before] = await Promise.all([
    freeRun(client, model, runs.at(-1) ?? 0),
    leftBehind(store, model, runs),
    findExecution(client, loopId(model)),
  ]);
  // A loop that was started before its memo said so was not paused.
  const paused = (before?.memo as Partial<LoopMemo> | undefined)?.perennial?.paused ?? false;
  return {
    workflowId: loopId(model),
    taskQueue,
    args: [{ model, plan, firstRun, paused, ...left }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    // A worker that died is noticed this fast; the default of ten seconds is felt at every restart.
    workflowTaskTimeout: '5s',
    typedSearchAttributes: [{ key: modelKey, value: model }],
    staticSummary: `Keeps ${model} fresh`,
    staticDetails: plan.objective,
    memo: loopMemo(plan, { paused, lastRun: runs.at(-1) ?? 0 }),
  } satisfies WorkflowStartOptions<typeof modelLoop>;
}

/** A run that outlived its loop has no record yet, but Temporal knows it. */
async function freeRun(client: Client, model: string, newest: number): Promise<number> {
  let run = newest + 1;
  while (await findExecution(client, runId(model, run))) run++;
  return run;
}

/** The newest accepted snapshot and start of a run, by the records. A backfill's run makes a model no fresher. */
async function leftBehind(
  store: ArtifactStore,
  model: string,
  runs: readonly number[],
): Promise<Pick<LoopBefore, 'snapshot' | 'lastStartMs'>> {
  let snapshot: Ref | undefined;
  let lastStart: string | undefined;
  for (const run of runs.slice(-LOOKED_AT).toReversed()) {
    const { result, trigger, startedAt } = await readRunRecord(store, model, run);
    snapshot ??= result?.snapshot;
    if (trigger.kind !== 'backfill') lastStart ??= startedAt;
    if (snapshot && lastStart !== undefined) break;
  }
  return {
    ...(snapshot && { snapshot }),
    ...(lastStart !== undefined && { lastStartMs: Date.parse(lastStart) }),
  };
}
