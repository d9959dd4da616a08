import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  condition,
  currentUpdateInfo,
  executeChild,
  getExternalWorkflowHandle,
  makeContinueAsNewFunc,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { Ref } from '../src/domain/artifact.js';
import {
  arbitrate,
  finishCurrent,
  newLoop,
  startQueued,
  type LoopBefore,
  type LoopState,
  type RunOutcome,
  type WantedRun,
} from '../src/domain/loop.js';
import { priorityOf } from '../src/domain/resources.js';
import { loopMemo, RUN_CODES, runId, type RunFailure, type RunPlan } from '../src/domain/run.js';
import { modelKey, stageKey, triggerKey } from './search-attributes.js';
import { describeLoop } from './describe-loop.js';
import * as messages from './messages.js';
import { trainingRun } from './training-run.js';

/** What a loop starts with: the plan, or the state that the execution before it handed on. */
export interface LoopInput extends LoopBefore {
  readonly model: string;
  readonly plan: RunPlan;
  readonly state?: LoopState;
}

/**
 * The long life of one model: answers requests for training, runs one at a time, tells everybody who waits, and goes on
 * as a new execution when its history grows long.
 */
export async function modelLoop(input: LoopInput): Promise<never> {
  let state = input.state ?? newLoop(input.model, input.plan, input);
  const memo = () => loopMemo(state.plan, { paused: state.paused, lastRun: state.recent.at(-1)?.run ?? 0 });
  const update = (next: LoopState) => {
    state = next;
    setCurrentDetails(describeLoop(state));
  };

  setHandler(
    messages.requestTraining,
    (request) => {
      // The update id names the request, also when it comes again after a continue-as-new.
      const requestId = currentUpdateInfo()?.id ?? uuid4();
      const arbitrated = arbitrate(state, requestId, request, Date.now());
      // Taken at once: a second request that comes in the same moment finds a run under way and is queued behind it.
      update(startQueued(arbitrated.state, Date.now()));
      return arbitrated.answer;
    },
    { description: 'Asks for a training run; answers started, queued, coalesced or refused' },
  );
  const adopt = (plan: RunPlan) => {
    if (plan.spec.sha256 === state.plan.spec.sha256) return;
    update({ ...state, plan });
    // Memo and current details carry the loop's identity: a static summary would be lost when it continues as new.
    upsertMemo(memo());
  };
  const setPaused = (paused: boolean) => {
    update({ ...state, paused });
    // Kept where a loop that is started in place of this one can read it, also while no worker runs.
    if (patched('pause-in-memo')) upsertMemo(memo());
  };
  setHandler(messages.setPlan, adopt, { description: 'Works by a new spec from now on' });
  setHandler(messages.pause, () => setPaused(true), { description: 'Refuses automatic triggers' });
  setHandler(messages.resume, () => setPaused(false), { description: 'Takes automatic triggers again' });
  setHandler(messages.status, () => state, { description: 'What the loop does, waits for and remembers' });
  update(state);

  for (;;) {
    update(startQueued(state, Date.now()));
    await condition(() => state.current !== undefined || workflowInfo().continueAsNewSuggested);
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      // A memo that was changed on the way is not carried on by itself.
      const goOn = makeContinueAsNewFunc<typeof modelLoop>({ memo: memo() });
      await goOn({ model: input.model, plan: state.plan, state });
    }
    if (!state.current) continue;
    const { outcome, snapshot } = await oneRun(state, state.current);
    const { replyTo } = state.current;
    update(finishCurrent(state, outcome, snapshot));
    // A task that commands nothing is taken together with the next one at a replay: the request that woke a worker which has
    // just started would be answered before this end.
    if (patched('end-in-memo')) upsertMemo(memo());
    await Promise.all(replyTo.map((workflowId) => reply(workflowId, outcome)));
  }
}

async function oneRun(state: LoopState, wanted: WantedRun): Promise<{ outcome: RunOutcome; snapshot?: Ref }> {
  const { model, plan, snapshot } = state;
  const { run, request } = wanted;
  const { trigger, parameters, asOf, promote, cache } = request;
  const wishes = {
    ...(parameters && { parameters }),
    ...(asOf !== undefined && { asOf }),
    ...(promote !== undefined && { promote }),
    ...(cache !== undefined && { cache }),
  };
  try {
    const result = await executeChild(trainingRun, {
      workflowId: runId(model, run),
      args: [{ model, run, plan, trigger, ...(snapshot && { snapshot }), ...wishes }],
      // A terminated loop does not take a run down that is about to end well.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // Its steps inherit it: of those that wait, what a person asked for goes first, and a backfill last.
      priority: { priorityKey: priorityOf(trigger.kind) },
      staticSummary: `Run ${run} of ${model}: ${trigger.reason}`,
      staticDetails: `**Objective**: ${plan.objective}\n\n**Owners**: data ${plan.owners.data}, model ${plan.owners.model}, business ${plan.owners.business}`,
      typedSearchAttributes: [
        { key: modelKey, value: model },
        { key: stageKey, value: 'ingest' },
        { key: triggerKey, value: trigger.kind },
      ],
    });
    const { summary, verdict, version, champion } = result;
    const outcome = { summary, run, outcome: verdict, ...(version !== undefined && { version }), champion };
    return { outcome, snapshot: result.snapshot };
  } catch (error) {
    if (!(error instanceof ChildWorkflowFailure)) throw error;
    const { cause } = error;
    const failed = { run, outcome: 'FAILED' } as const;
    if (!(cause instanceof ApplicationFailure)) {
      const cancelled = cause instanceof CancelledFailure && { failure: { code: RUN_CODES.cancelled } };
      const summary = `Run ${run} ended early: ${(cause ?? error).message}`;
      return { outcome: { summary, ...failed, ...cancelled } };
    }
    // As `settleRun` puts them there.
    const { snapshot: accepted, stage } = (cause.details?.[0] ?? {}) as { snapshot?: Ref } & Partial<RunFailure>;
    const failure = { code: cause.type ?? RUN_CODES.bug, ...(stage && { stage }) };
    return { outcome: { summary: cause.message, ...failed, failure }, ...(accepted && { snapshot: accepted }) };
  }
}

/** Whoever waited may be gone by now; that is their business. */
async function reply(workflowId: string, outcome: RunOutcome): Promise<void> {
  try {
    // Also a loop that is being cancelled tells how its last run ended.
    await CancellationScope.nonCancellable(() =>
      getExternalWorkflowHandle(workflowId).signal(messages.runFinished, outcome),
    );
  } catch {
    // Nothing to do: the run's record and the ledger have the outcome.
  }
}
