import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  getExternalWorkflowHandle,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  BACKFILL_STOPPED,
  backfillMemo,
  countOutcomes,
  isHopeless,
  shortTime,
  windowEnds,
  windowsToRun,
  withWindow,
  type BackfilledWindow,
  type BackfillInput,
  type BackfillResult,
  type BackfillState,
  type BackfillStop,
  type RecordedWindow,
} from '../src/domain/backfill.js';
import type { RunOutcome } from '../src/domain/loop.js';
import { RUN_CODES, runId } from '../src/domain/run.js';
import { awaitOutcome } from './await-outcome.js';
import { describeBackfill } from './describe-backfill.js';
import * as messages from './messages.js';
import * as steps from './steps.js';

/**
 * Runs the past windows of a model in the order of time, one at a time, each as a run of the model's loop. It gives way to
 * everybody else who asks the loop. Cancelled, it stops when the run under way has ended; started again, it goes on with
 * the windows that have no verdict yet.
 */
export async function backfill(input: BackfillInput): Promise<BackfillResult> {
  const { model, plan, range, promote, carried, patienceMs = 600_000 } = input;
  const ends = windowEnds(range);
  const told: RunOutcome[] = [];
  /** Of the run that is being asked for, before its number is known. */
  let hurry = carried?.hurry ?? false;
  let asked = 0;
  let state: BackfillState = {
    model,
    range,
    promote,
    spec: plan.spec,
    windows: ends.length,
    done: carried?.done ?? [],
  };
  const show = (change: Partial<BackfillState>) => {
    const { current: _current, waiting: _waiting, ...rest } = state;
    state = { ...rest, ...change };
    setCurrentDetails(describeBackfill(state));
  };
  setHandler(messages.runFinished, (outcome) => void told.push(outcome));
  setHandler(messages.backfillStatus, () => state, { description: 'Which windows are done, and how they ended' });
  setHandler(
    messages.cancelBackfilledRun,
    async () => {
      if (state.current?.run === undefined) hurry = true;
      else await cancelRun(state.current.run);
    },
    { description: 'Cancels the run under way; together with a cancellation of the backfill' },
  );
  show({});

  const failures = [...(carried?.failures ?? [])];
  let rest: readonly string[] = carried?.rest ?? ends;
  if (!carried) await lookAtRecords();
  for (let asOf = rest[0]; asOf !== undefined; asOf = rest[0]) {
    show({ current: { asOf } });
    const run = await askUntilTaken(asOf);
    if (run === undefined) continue;
    show({ current: { asOf, run } });
    // What was asked for is waited for, also by a backfill that is being cancelled: one run at a time.
    const outcome = await CancellationScope.nonCancellable(async () => {
      if (hurry) await cancelRun(run);
      hurry = false;
      return await awaitOutcome(told, { model, run, patienceMs });
    });
    show({ done: withWindow(state.done, windowOf(asOf, outcome)) });
    rest = rest.slice(1);
    failures.push(outcome.failure ?? (outcome.outcome === 'FAILED' ? { code: RUN_CODES.failed } : null));
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the backfill was cancelled');
    if (isHopeless(failures)) throw stopped(`as every window would fail like this one: ${outcome.summary}`);
  }
  return { summary: summary(), windows: state.done };

  /** Leaves out what has a verdict by now, and with promotion what would come too late. */
  async function lookAtRecords(): Promise<void> {
    if (input.restart) return;
    const wanted = { model, spec: plan.spec.sha256, promote, ends: rest };
    const found = await steps.findBackfilled('Look which windows have a verdict already', wanted);
    rest = windowsToRun(rest, found, promote);
    show({ done: found.filter(({ foreign }) => !foreign).reduce(withWindow, state.done) });
    const champion = found.find(({ foreign }) => foreign);
    if (champion && rest.length === 0 && state.done.length === 0) throw tooLate(champion);
  }

  /**
   * The loop takes a backfill's window when it has nothing else to do; until then it is asked again and again. Undefined
   * when the window is not to be run any more: what was under way may have been the run of a backfill that is gone.
   */
  async function askUntilTaken(asOf: string): Promise<number | undefined> {
    const { workflowId, runId: executionId } = workflowInfo();
    const number = ends.indexOf(asOf) + 1;
    const request = {
      trigger: {
        kind: 'backfill',
        by: input.by,
        reason: `backfill as of ${shortTime(asOf)}, window ${number} of ${ends.length}`,
      },
      asOf,
      promote,
      spec: plan.spec.sha256,
      replyTo: workflowId,
    } as const;
    for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      if (workflowInfo().continueAsNewSuggested) await goOnAsNew();
      // An answer that is not heard would leave a run that nobody waits for.
      const answer = await CancellationScope.nonCancellable(() =>
        steps.askForTraining(`Ask the loop of ${model} for a run as of ${shortTime(asOf)}`, {
          model,
          plan,
          request,
          requestId: `${workflowId}/${executionId}/${++asked}`,
        }),
      );
      if (answer.outcome !== 'refused') return answer.run;
      if (answer.reason === 'changed') throw stopped(`as ${answer.message}`);
      hurry = false;
      show({ current: { asOf }, waiting: answer.message });
      await sleep(pauseMs, { summary: 'Ask again later' });
      await lookAtRecords();
      if (rest[0] !== asOf) return undefined;
      show({ current: { asOf }, waiting: answer.message });
    }
  }

  async function goOnAsNew(): Promise<void> {
    await condition(allHandlersFinished);
    const goOn = makeContinueAsNewFunc<typeof backfill>({ memo: backfillMemo(input) });
    await goOn({ ...input, carried: { done: state.done, rest, failures: failures.slice(-CARRIED_FAILURES), hurry } });
  }

  /** The run may not have begun yet, or have ended by now. */
  async function cancelRun(run: number): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (let tries = 0; tries < 5 && !told.some((outcome) => outcome.run === run); tries++) {
        try {
          await getExternalWorkflowHandle(runId(model, run)).cancel();
          return;
        } catch {
          await sleep('1s');
        }
      }
    });
  }

  function tooLate({ asOf, run }: RecordedWindow): ApplicationFailure {
    const until = `${shortTime(asOf)}, up to which the model has learned (run ${run})`;
    return stopped(
      `as they end before ${until}: an older candidate must not follow a newer one`,
      `Leave --promote out, give a later --from and --to, or replay them all the same with --restart.`,
    );
  }

  function stopped(why: string, fix?: string): ApplicationFailure {
    const message = `The backfill of ${model} stopped after ${state.done.length} of ${ends.length} windows, ${why}`;
    return ApplicationFailure.create({
      type: BACKFILL_STOPPED,
      message,
      nonRetryable: true,
      details: [{ summary: message, windows: state.done, ...(fix !== undefined && { fix }) } satisfies BackfillStop],
    });
  }

  function summary(): string {
    const span = `${shortTime(range.from)} to ${shortTime(ends.at(-1) ?? range.to)}`;
    const champion = promote ? 'each PROMOTE was rolled out' : 'the champion stays, as nobody asked to promote';
    const late = ends.length - state.done.length;
    const leftOut = late === 0 ? '' : `; left out, as a newer champion was there: ${late}`;
    return `Backfill of ${model}, ${span}, is done; ${countOutcomes(state.done)}${leftOut}; ${champion}`;
  }
}

const SHORTEST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;
/** More than are looked at. */
const CARRIED_FAILURES = 10;

function windowOf(asOf: string, outcome: RunOutcome): BackfilledWindow {
  const { run, version, failure } = outcome;
  return {
    asOf,
    run,
    outcome: outcome.outcome,
    ...(version !== undefined && { version }),
    ...(failure && { failure }),
    summary: outcome.summary.slice(0, 300),
  };
}
