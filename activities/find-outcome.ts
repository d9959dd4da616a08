import { Context } from '@temporalio/activity';
import type { RunOutcome } from '../src/domain/loop.js';
import { loopId, runId } from '../src/domain/run.js';
import { ArtifactMissingError } from '../src/errors.js';
import { findExecution } from '../src/find-execution.js';
import { readRunRecord } from '../src/stores/run-records.js';
import { status } from '../workflows/messages.js';
import type { modelLoop } from '../workflows/model-loop.js';
import type { ActivityDeps } from './deps.js';

/**
 * Looks how a run has ended, for somebody whom nobody told. Undefined while the run, or the loop that promised it, goes
 * on; a run that is gone without a record has failed.
 */
export async function findOutcome(
  { store }: ActivityDeps,
  { model, run }: { readonly model: string; readonly run: number },
): Promise<RunOutcome | undefined> {
  // Asked first: a run writes its record before it ends, so one that has ended has it by now.
  const found = await executionStatus(runId(model, run));
  try {
    const record = await readRunRecord(store, model, run);
    const { summary, outcome, result, failure } = record;
    const version = result?.version;
    return {
      summary,
      run,
      outcome,
      ...(version !== undefined && { version }),
      ...(result && { champion: result.champion }),
      ...(failure && { failure: { stage: failure.stage, code: failure.code } }),
    };
  } catch (error) {
    if (!(error instanceof ArtifactMissingError)) throw error;
  }
  if (found === 'RUNNING' || (found === undefined && (await isPromised(model, run)))) return undefined;
  return {
    summary: `Run ${run} of ${model} is lost: it does not run and left no record`,
    run,
    outcome: 'FAILED',
  };
}

/** Whether the loop still means to run it. */
async function isPromised(model: string, run: number): Promise<boolean> {
  if ((await executionStatus(loopId(model))) !== 'RUNNING') return false;
  const { workflow } = Context.current().client;
  const { current, queued } = await workflow.getHandle<typeof modelLoop>(loopId(model)).query(status);
  return current?.run === run || queued?.run === run;
}

async function executionStatus(workflowId: string): Promise<string | undefined> {
  return (await findExecution(Context.current().client, workflowId))?.status.name;
}
