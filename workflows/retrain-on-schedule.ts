import { ApplicationFailure, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RunOutcome } from '../src/domain/loop.js';
import { RUN_CODES, type RunPlan } from '../src/domain/run.js';
import { awaitOutcome } from './await-outcome.js';
import { runFinished } from './messages.js';
import * as steps from './steps.js';

export interface RetrainInput {
  readonly model: string;
  /** With which the loop is started if it does not run. */
  readonly plan: RunPlan;
  /** After so many milliseconds without a word it looks for the outcome itself, again and again. Default ten minutes. */
  readonly patienceMs?: number;
}

export type RetrainResult = RunOutcome | { readonly summary: string; readonly outcome: 'REFUSED' };

/**
 * What a Temporal Schedule starts: asks the loop for a run and waits, at no cost, until the loop tells how it ended. So
 * the Schedule's overlap policy, pause-on-failure and list of recent runs mean what people expect.
 */
export async function retrainOnSchedule({ model, plan, patienceMs = 600_000 }: RetrainInput): Promise<RetrainResult> {
  const finished: RunOutcome[] = [];
  setHandler(runFinished, (outcome) => void finished.push(outcome));
  const { workflowId } = workflowInfo();
  const by = workflowInfo().searchAttributes['TemporalScheduledById']?.[0] ?? workflowId;
  const request = {
    trigger: { kind: 'schedule', by: String(by), reason: 'the schedule says so' } as const,
    replyTo: workflowId,
  };
  const answer = await steps.askForTraining(`Ask the loop of ${model} for a run`, {
    model,
    plan,
    request,
    requestId: workflowId,
  });
  if (answer.outcome === 'refused') return { summary: answer.message, outcome: 'REFUSED' };
  const { run } = answer;
  const outcome = await awaitOutcome(finished, { model, run, patienceMs });
  if (outcome.outcome !== 'FAILED') return outcome;
  throw ApplicationFailure.create({
    type: RUN_CODES.failed,
    message: outcome.summary,
    nonRetryable: true,
    details: [outcome],
  });
}
