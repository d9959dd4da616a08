import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { SearchClosed } from '../activities/search-close.js';
import type { SearchDone } from '../activities/search-open.js';
import type { Ref } from '../src/domain/artifact.js';
import {
  addCounts,
  bestText,
  betterOf,
  NO_TRIALS,
  putBack,
  takeTrials,
  trialsOf,
  type BestTrial,
  type SearchInput,
  type SearchResult,
  type SearchState,
  type TrialRange,
} from '../src/domain/search.js';
import { describeSearch, searchSummary } from './describe-search.js';
import type { StepRecord } from '../src/domain/attempt.js';
import * as messages from './messages.js';
import { withRecord } from './step-records.js';
import * as steps from './steps.js';

/**
 * Searches hyperparameters: trials in chunks, several chunks at the same time, until all are done or the budget is spent.
 * This history is the study: each chunk is told which chunks had ended before it, so any worker gives the same next
 * suggestion, and a replay too.
 */
export async function hyperparameterSearch(input: SearchInput): Promise<SearchResult> {
  const { model, run, plan, spec, split, timeoutMs, resources, parameters } = input;
  let state: SearchState = input.carried?.state ?? begun(input);
  let open: readonly TrialRange[] = input.carried?.open ?? [{ from: 0, count: plan.trials }];
  let chunksHere = 0;
  let underWay = 0;
  /** Money that chunks under way may spend. */
  let promised = 0;
  let failure: { readonly error: unknown } | undefined;
  let earlier: SearchDone | undefined;
  const trying = new CancellationScope();
  const wanted = { model, run, spec, split, ...(parameters && { parameters }) };
  const show = (change: Partial<SearchState>) => {
    state = { ...state, ...change };
    setCurrentDetails(describeSearch(state));
  };
  setHandler(messages.searchStatus, () => state, { description: 'How far the search is, and the best trial so far' });
  show({});

  try {
    const search = state.search ?? (await openStudy());
    if (earlier) return ended(earlier);
    await tryAll(search);
    if (open.length > 0 && state.stopped === undefined) return await goOnAsNew();
    return ended(await close(search));
  } catch (error) {
    // A failure carries what its own step has done, and nothing of the steps before.
    if (error instanceof TemporalFailure) await tellRun();
    throw error;
  }

  async function tryAll(search: Ref): Promise<void> {
    for (;;) {
      while (underWay < plan.parallel && !failure && mayStart()) startChunk(search);
      if (underWay === 0) break;
      const before = underWay;
      await condition(() => underWay < before);
      // What the others would still find, nobody would take.
      if (failure) trying.cancel();
    }
    if (failure) throw failure.error;
  }

  async function close(search: Ref): Promise<SearchClosed> {
    const closed = await steps.closeSearch(closeSummary(), {
      ...wanted,
      search,
      chunks: state.chunks,
      counts: state.counts,
      seconds: state.seconds,
      money: state.money,
    });
    show({ best: closed.best, record: recorded(closed) });
    return closed;
  }

  async function openStudy(): Promise<Ref> {
    const opened = await steps.openSearch(`Open a study of up to ${plan.trials} trials`, {
      ...wanted,
      ...(input.cache !== undefined && { cache: input.cache }),
    });
    const { points = Infinity, cache, done } = opened;
    if (points < plan.trials) open = points === 0 ? [] : [{ from: 0, count: points }];
    const trials = Math.min(points, plan.trials);
    show({ search: opened.search, about: opened.message, cache, trials, record: recorded(opened) });
    if (done) show({ best: done.best, chunks: done.chunks, counts: done.counts });
    earlier = done;
    return opened.search;
  }

  function ended({ study, best }: Pick<SearchDone, 'study' | 'best'>): SearchResult {
    const { counts, seconds, money, cache = 'off', record = { attempts: [] } } = state;
    return {
      summary: searchSummary(state),
      parameters: best.parameters,
      best: { number: best.number, value: best.value },
      counts,
      seconds,
      money,
      study,
      cache,
      record,
    };
  }

  /** Whether there are trials to begin, time and money for them, and room in this history. */
  function mayStart(): boolean {
    if (open.length === 0 || state.stopped !== undefined) return false;
    if (plan.timeMs !== undefined && Date.now() >= Date.parse(state.startedAt) + plan.timeMs)
      show({ stopped: 'as its time is up' });
    else if (plan.money !== undefined && state.money >= plan.money) show({ stopped: 'as its money is spent' });
    // What chunks under way do not spend is left for others.
    if (plan.money !== undefined && state.money + promised >= plan.money) return false;
    const isFull = workflowInfo().continueAsNewSuggested || chunksHere >= CHUNKS_PER_HISTORY;
    return state.stopped === undefined && !isFull;
  }

  function startChunk(search: Ref): void {
    const next = takeTrials(open, { parallel: plan.parallel, most: plan.chunk });
    if (!next) return;
    open = next.open;
    const left = (plan.money ?? Infinity) - state.money - promised;
    const share = plan.money === undefined ? 0 : left / (plan.parallel - underWay);
    promised += share;
    underWay++;
    chunksHere++;
    void trying
      .run(() => runChunk(search, next.taken, state.chunks, share))
      .catch((error: unknown) => (failure ??= { error }))
      .finally(() => {
        promised -= share;
        underWay--;
      });
  }

  async function runChunk(search: Ref, trials: TrialRange, known: readonly Ref[], share: number): Promise<void> {
    const { timeMs, money } = plan;
    const last = trials.from + trials.count - 1;
    const done = await steps.runTrials(
      `Trials ${trials.from} to ${last} at most`,
      {
        model,
        run,
        spec,
        split,
        search,
        known,
        trials,
        timeoutMs,
        ...(timeMs !== undefined && { until: new Date(Date.parse(state.startedAt) + timeMs).toISOString() }),
        ...(money !== undefined && { money: share }),
      },
      resources,
    );
    const count = trialsOf(done.counts);
    open = putBack(open, trials, count);
    const best = betterOf(state.best, done.best, plan.direction);
    const counts = addCounts(state.counts, done.counts);
    show({
      // What a chunk was told of is reached by way of it.
      chunks: [...state.chunks.filter((ref) => !known.some(({ sha256 }) => sha256 === ref.sha256)), done.chunk],
      counts,
      seconds: state.seconds + done.seconds,
      money: state.money + done.money,
      record: recorded(done),
      ...(best && { best }),
      ...(best && best.number !== state.best?.number && { curve: onCurve(state.curve, best) }),
      ...(state.stopped === undefined && isHopeless(counts, count) && { stopped: 'as no trial gave a value' }),
    });
  }

  function recorded({ attempts = [] }: Partial<StepRecord>): StepRecord {
    return withRecord({ search: state.record ?? { attempts: [] } }, 'search', { attempts })['search'] ?? { attempts };
  }

  async function tellRun(): Promise<void> {
    const { parent } = workflowInfo();
    const { record } = state;
    if (!parent || !record) return;
    const run = getExternalWorkflowHandle(parent.workflowId, parent.runId);
    try {
      await CancellationScope.nonCancellable(() => run.signal(messages.searchLost, record));
    } catch {
      // The run has ended before its search: nobody is left to write it down.
    }
  }

  async function goOnAsNew(): Promise<SearchResult> {
    const goOn = makeContinueAsNewFunc<typeof hyperparameterSearch>();
    return await goOn({ ...input, carried: { state, open } });
  }

  function closeSummary(): string {
    return state.best ? `Close the study: ${bestText(plan, state.best)}` : 'Close the study';
  }
}

/** So many trials that fail, and not one that does not: then it is the spec, and not the hyperparameters. */
const HOPELESS = 20;

function isHopeless({ complete, pruned, failed }: SearchState['counts'], done: number): boolean {
  return done === 0 || (complete + pruned === 0 && failed >= HOPELESS);
}

function onCurve(curve: SearchState['curve'], { number, value }: BestTrial): SearchState['curve'] {
  return [...curve, { number, value }].slice(-MOST_SHOWN);
}

const MOST_SHOWN = 30;

/** Well under what a history may hold, also with many attempts. */
const CHUNKS_PER_HISTORY = 500;

function begun({ model, run, plan }: SearchInput): SearchState {
  return {
    model,
    run,
    plan,
    trials: plan.trials,
    startedAt: new Date().toISOString(),
    chunks: [],
    counts: NO_TRIALS,
    curve: [],
    seconds: 0,
    money: 0,
  };
}
