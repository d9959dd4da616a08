import type { Ref } from './artifact.js';
import { canonicalJson } from './canonical.js';
import type { RunFailure, RunPlan } from './run.js';
import type { RefusalReason, TrainingAnswer, TrainingRequest } from './trigger.js';
import type { VerdictKind } from './verdict.js';

/** How a run ended, in short: what the loop remembers and tells whoever asked. */
export interface RunOutcome {
  readonly summary: string;
  readonly run: number;
  readonly outcome: VerdictKind | 'FAILED';
  readonly version?: number;
  readonly champion?: number;
  /** Of what it failed, and where, if that is known. */
  readonly failure?: Pick<RunFailure, 'code'> & Partial<Pick<RunFailure, 'stage'>>;
}

/** A run that is wanted or under way, with everybody who waits for its outcome. */
export interface WantedRun {
  readonly run: number;
  readonly request: TrainingRequest;
  readonly replyTo: readonly string[];
}

/** All that a loop carries, also from one execution to the next. */
export interface LoopState {
  readonly model: string;
  readonly plan: RunPlan;
  readonly paused: boolean;
  readonly nextRun: number;
  readonly current?: WantedRun;
  readonly queued?: WantedRun;
  /** When the newest run that was no backfill's was started, in milliseconds since 1970. */
  readonly lastStartMs?: number;
  /** The last snapshot that passed its contract. */
  readonly snapshot?: Ref;
  /** Newest last, at most {@link REMEMBERED_RUNS}. */
  readonly recent: readonly RunOutcome[];
  /** Answers by request id, oldest first, at most {@link REMEMBERED_ANSWERS}: a repeated request gets the same answer. */
  readonly answers: readonly (readonly [id: string, answer: TrainingAnswer])[];
}

export const REMEMBERED_RUNS = 20;
export const REMEMBERED_ANSWERS = 200;

/** What a loop knows from an earlier loop of its model. */
export interface LoopBefore {
  /** Number of the first run. Default 1. */
  readonly firstRun?: number;
  /** The last snapshot that was accepted. */
  readonly snapshot?: Ref;
  readonly lastStartMs?: number;
  /** Default: false. */
  readonly paused?: boolean;
}

/** The state of a loop that has not run yet. */
export function newLoop(model: string, plan: RunPlan, before: LoopBefore = {}): LoopState {
  const { firstRun = 1, paused = false, snapshot, lastStartMs } = before;
  return {
    model,
    plan,
    paused,
    nextRun: firstRun,
    recent: [],
    answers: [],
    ...(snapshot && { snapshot }),
    ...(lastStartMs !== undefined && { lastStartMs }),
  };
}

/**
 * Answers a request for training: started (nothing is under way), queued (one run is under way), coalesced (one waits
 * already and would do the same), or refused with the reason. Pure; the same id always gets the same answer.
 *
 * People may ask at any time. Other triggers are refused during the cooldown and while the loop is paused. A backfill gives
 * way to both: it gets a run when nothing is under way, and asks again later otherwise.
 */
export function arbitrate(
  state: LoopState,
  id: string,
  request: TrainingRequest,
  nowMs: number,
): { state: LoopState; answer: TrainingAnswer } {
  const known = state.answers.find(([known]) => known === id);
  if (known) return { state, answer: known[1] };
  const decided = decide(state, request, nowMs);
  const answers = [...state.answers, [id, decided.answer] as const].slice(-REMEMBERED_ANSWERS);
  return { state: { ...decided.state, answers }, answer: decided.answer };
}

function decide(
  state: LoopState,
  request: TrainingRequest,
  nowMs: number,
): { state: LoopState; answer: TrainingAnswer } {
  const { kind } = request.trigger;
  if (request.spec !== undefined && request.spec !== state.plan.spec.sha256) {
    return refuse(state, 'changed', `The spec of ${state.model} is another one by now than the one that this is about`);
  }
  const asked = kind === 'backfill' ? joinBackfill(state, request) : undefined;
  if (asked) return asked;
  if (state.paused && kind !== 'manual')
    return refuse(state, 'paused', `${state.model} is paused: only requests by hand are taken`);
  const { current, queued } = state;
  const first = queued ?? current;
  if (kind === 'backfill' && first) {
    return refuse(state, 'busy', `Run ${first.run} comes first: ask again when nothing is under way`);
  }

  const readyAtMs = (state.lastStartMs ?? -Infinity) + state.plan.cooldownMs;
  if (kind !== 'manual' && kind !== 'backfill' && !queued && nowMs < readyAtMs) {
    const wait = Math.ceil((readyAtMs - nowMs) / 1000);
    return refuse(state, 'cooldown', `${state.model} was trained too recently: ask again in ${wait} s`);
  }
  if (queued) return coalesce(state, queued, request);

  const wanted: WantedRun = {
    run: state.nextRun,
    request,
    replyTo: request.replyTo === undefined ? [] : [request.replyTo],
  };
  const next = { ...state, queued: wanted, nextRun: state.nextRun + 1 };
  if (current) {
    const message = `Queued as run ${wanted.run}: run ${current.run} is under way`;
    return { state: next, answer: { message, outcome: 'queued', run: wanted.run } };
  }
  return { state: next, answer: { message: `Started run ${wanted.run}`, outcome: 'started', run: wanted.run } };
}

function coalesce(state: LoopState, queued: WantedRun, request: TrainingRequest) {
  const other = differences(request, queued.request);
  if (other.length > 0) {
    const message = `Run ${queued.run} waits already and differs in ${other.join(', ')}: ask again when it has started`;
    return refuse(state, 'busy', message);
  }
  const answer = {
    message: `Coalesced into run ${queued.run}, which waits already`,
    outcome: 'coalesced' as const,
    run: queued.run,
  };
  return { state: { ...state, queued: withReply(queued, request) }, answer };
}

/**
 * A backfill that was ended and started again finds the run that it had asked for: the same window is not run twice. A run
 * by another spec is none of its own.
 */
function joinBackfill(state: LoopState, request: TrainingRequest) {
  const specOf = ({ spec = state.plan.spec.sha256 }: TrainingRequest) => spec;
  for (const place of ['current', 'queued'] as const) {
    const wanted = state[place];
    if (wanted?.request.trigger.kind !== 'backfill') continue;
    if (differences(wanted.request, request).length > 0 || specOf(wanted.request) !== specOf(request)) continue;
    const answer = { message: `Run ${wanted.run} does it already`, outcome: 'coalesced' as const, run: wanted.run };
    return { state: { ...state, [place]: withReply(wanted, request) }, answer };
  }
  return undefined;
}

/** In what two requests want something else done, whoever asks and why. */
function differences(one: TrainingRequest, other: TrainingRequest): string[] {
  const [a, b] = [wish(one), wish(other)];
  return (Object.keys(a) as (keyof typeof a)[]).filter((key) => canonicalJson(a[key]) !== canonicalJson(b[key]));
}

function wish({ parameters = {}, asOf = '', promote = true, cache = true }: TrainingRequest) {
  return { parameters, asOf, promote, cache };
}

function withReply(wanted: WantedRun, { replyTo }: TrainingRequest): WantedRun {
  if (replyTo === undefined || wanted.replyTo.includes(replyTo)) return wanted;
  return { ...wanted, replyTo: [...wanted.replyTo, replyTo] };
}

function refuse(state: LoopState, reason: RefusalReason, message: string) {
  return { state, answer: { message, outcome: 'refused' as const, reason } };
}

/** Moves the queued run to current. */
export function startQueued(state: LoopState, nowMs: number): LoopState {
  const { queued, ...rest } = state;
  if (!queued || state.current) return state;
  // A model is no fresher for a look at its past.
  const fresh = queued.request.trigger.kind === 'backfill' ? {} : { lastStartMs: nowMs };
  return { ...rest, current: queued, ...fresh };
}

/** Takes note of how the current run ended; a snapshot that passed its contract becomes the cursor of the next run. */
export function finishCurrent(state: LoopState, outcome: RunOutcome, snapshot?: Ref): LoopState {
  const { current: _ended, ...rest } = state;
  const recent = [...state.recent, outcome].slice(-REMEMBERED_RUNS);
  return snapshot ? { ...rest, recent, snapshot } : { ...rest, recent };
}
