import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  TemporalFailure,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Ref } from '../src/domain/artifact.js';
import {
  RUN_CODES,
  type CacheUse,
  type Evidence,
  type RunFailure,
  type RunInput,
  type RunRecord,
  type RunResult,
  type Stage,
} from '../src/domain/run.js';
import type { RunStory } from './narrate.js';
import { withFailed, type StepRecords } from './step-records.js';
import * as steps from './steps.js';

/** What a run knows of itself when it ends. */
interface SoFar {
  readonly evidence: Evidence;
  /** By step. */
  readonly cache: Readonly<Record<string, CacheUse>>;
  readonly steps: StepRecords;
  /** Set once the snapshot has passed its contract: then the next run goes on from it, however this one ends. */
  readonly accepted?: Ref;
}

/**
 * Runs the steps of a run and writes its terminal record, whatever the end. A failure is recorded and then thrown on as
 * one failure that names the stage, the cause and the next step; a cancelled run ends as cancelled.
 */
export async function settleRun(
  input: RunInput,
  story: RunStory,
  soFar: () => SoFar,
  run: () => Promise<RunResult>,
): Promise<RunResult> {
  const { workflowId, runId: executionId, startTime } = workflowInfo();
  // Also a cancelled run leaves its record: what was done stands, and people look for it.
  const record = async (
    summary: string,
    end: Pick<RunRecord, 'outcome' | 'summary' | 'result' | 'failure' | 'steps'>,
  ) =>
    await CancellationScope.nonCancellable(() =>
      steps.record(summary, {
        schemaVersion: 1,
        model: input.model,
        run: input.run,
        workflowId,
        executionId,
        trigger: input.trigger,
        ...(input.parameters && { parameters: input.parameters }),
        ...(input.asOf !== undefined && { asOf: input.asOf }),
        ...(input.promote !== undefined && { promote: input.promote }),
        startedAt: startTime.toISOString(),
        finishedAt: new Date().toISOString(),
        evidence: soFar().evidence,
        ...(Object.keys(soFar().cache).length > 0 && { cache: soFar().cache }),
        ...(Object.keys(soFar().steps).length > 0 && { steps: soFar().steps }),
        ...end,
      }),
    );
  let result: RunResult;
  try {
    result = await run();
  } catch (error) {
    // What Temporal did not make is a bug of ours: the task is retried until a fixed worker replays it.
    if (!(error instanceof TemporalFailure)) throw error;
    const failure = describeFailure(error, story.stage());
    const summary = `Run ${input.run} failed at ${failure.stage}: ${failure.message}`;
    story.failed(failure);
    await record('Write the record of the failed run', {
      outcome: 'FAILED',
      summary,
      failure,
      steps: withFailed(soFar().steps, error),
    });
    if (isCancellation(error)) throw error;
    const details = [{ ...failure, ...(soFar().accepted && { snapshot: soFar().accepted }) }];
    throw ApplicationFailure.create({
      type: failure.code,
      message: summary,
      nonRetryable: true,
      details,
      cause: error,
    });
  }
  await record('Write the run record', { outcome: result.verdict, summary: result.summary, result });
  story.done(result);
  return result;
}

function describeFailure(error: TemporalFailure, stage: Stage): RunFailure {
  const cause = rootCause(error);
  if (cause instanceof CancelledFailure) return { stage, code: RUN_CODES.cancelled, message: 'the run was cancelled' };
  if (cause instanceof TimeoutFailure) {
    const fix = 'See the last attempts of the step in the Temporal UI, and whether a worker runs.';
    return { stage, code: RUN_CODES.timeout, message: `the step ran out of time: ${cause.message}`, fix };
  }
  if (!(cause instanceof ApplicationFailure)) return { stage, code: RUN_CODES.bug, message: cause.message };
  const { fix } = (cause.details?.[0] ?? {}) as { fix?: string };
  return { stage, code: cause.type ?? RUN_CODES.bug, message: cause.message, ...(fix !== undefined && { fix }) };
}

/** What an activity or child threw, below the envelopes that Temporal puts around it. */
function rootCause(error: Error): Error {
  const envelope = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return envelope && error.cause ? rootCause(error.cause) : error;
}
