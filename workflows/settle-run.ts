import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  TemporalFailure,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Evidence, RunFailure, RunInput, RunRecord, RunResult } from '../src/domain/run.js';
import type { RunStory } from './narrate.js';
import * as steps from './steps.js';

/**
 * Runs the steps of a run and writes its terminal record, whatever the end. A failure is recorded and then thrown on as
 * one failure that names the stage, the cause and the next step.
 */
export async function settleRun(
  input: RunInput,
  story: RunStory,
  evidence: () => Evidence,
  run: () => Promise<RunResult>,
): Promise<RunResult> {
  const settled = (outcome: Pick<RunRecord, 'outcome' | 'summary' | 'result' | 'failure'>): RunRecord => ({
    schemaVersion: 1,
    model: input.model,
    run: input.run,
    workflowId: workflowInfo().workflowId,
    trigger: input.trigger,
    ...(input.parameters && { parameters: input.parameters }),
    startedAt: workflowInfo().startTime.toISOString(),
    finishedAt: new Date().toISOString(),
    evidence: evidence(),
    ...outcome,
  });
  try {
    const result = await run();
    await steps.record('Write the run record', settled({ outcome: result.verdict, summary: result.summary, result }));
    story.done(result);
    return result;
  } catch (error) {
    // What Temporal did not make is a bug of ours: the task is retried until a fixed worker replays it.
    if (!(error instanceof TemporalFailure)) throw error;
    const failure = describeFailure(error, story);
    const summary = `Run ${input.run} failed at ${failure.stage}: ${failure.message}`;
    story.failed(failure);
    // Also a cancelled run leaves its record, so this step runs outside the cancelled scope.
    await CancellationScope.nonCancellable(() =>
      steps.record('Write the record of the failed run', settled({ outcome: 'FAILED', summary, failure })),
    );
    throw ApplicationFailure.create({
      type: failure.code,
      message: summary,
      nonRetryable: true,
      details: [failure],
      cause: error,
    });
  }
}

function describeFailure(error: TemporalFailure, story: RunStory): RunFailure {
  const stage = story.stage();
  const cause = rootCause(error);
  if (cause instanceof ApplicationFailure) {
    const { fix } = (cause.details?.[0] ?? {}) as { fix?: string };
    return { stage, code: cause.type ?? 'BUG', message: cause.message, ...(fix !== undefined && { fix }) };
  }
  if (cause instanceof CancelledFailure) {
    return { stage, code: 'RUN.CANCELLED', message: 'the run was cancelled' };
  }
  if (cause instanceof TimeoutFailure) {
    const fix = 'See the last attempts of the step in the Temporal UI, and whether a worker runs.';
    return { stage, code: 'RUN.TIMEOUT', message: `the step ran out of time: ${cause.message}`, fix };
  }
  return { stage, code: 'BUG', message: cause.message };
}

/** What an activity or child threw, below the envelopes that Temporal puts around it. */
function rootCause(error: Error): Error {
  const envelope = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return envelope && error.cause ? rootCause(error.cause) : error;
}
