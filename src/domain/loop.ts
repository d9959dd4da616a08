import type { Ref } from './artifact.js';
import { canonicalJson } from './canonical.js';
import type { RunPlan } from './run.js';
import type { RefusalReason, TrainingAnswer, TrainingRequest } from './trigger.js';
import type { VerdictKind } from './verdict.js';

/** How a run ended, in short: what the loop remembers and tells whoever asked. */
export interface RunOutcome {
  readonly summary: string;
  readonly run: number;
  readonly outcome: VerdictKind | 'FAILED';
  readonly version?: number;
  readonly champion?: number;
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
  /** When the newest run was started, in milliseconds since 1970. */
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

/** The state of a loop that has not run yet. */
export function newLoop(model: string, plan: RunPlan, firstRun = 1, snapshot?: Ref): LoopState {
  return { model, plan, paused: false, nextRun: firstRun, recent: [], answers: [], ...(snapshot && { snapshot }) };
}

/**
 * Answers a request for training: started (nothing is under way), queued (one run is under way), coalesced (one waits
 * already and would do the same), or refused with the reason. Pure; the same id always gets the same answer.
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
  const byHand = request.trigger.kind === 'manual';
  if (state.paused && !byHand)
    return refuse(state, 'paused', `${state.model} is paused: only requests by hand are taken`);

  const readyAtMs = (state.lastStartMs ?? -Infinity) + state.plan.cooldownMs;
  if (!byHand && !state.queued && nowMs < readyAtMs) {
    const wait = Math.ceil((readyAtMs - nowMs) / 1000);
    return refuse(state, 'cooldown', `${state.model} was trained too recently: ask again in ${wait} s`);
  }
  if (state.queued) return coalesce(state, state.queued, request);

  const wanted: WantedRun = {
    run: state.nextRun,
    request,
    replyTo: request.replyTo === undefined ? [] : [request.replyTo],
  };
  const next = { ...state, queued: wanted, nextRun: state.nextRun + 1 };
  if (state.current) {
    const message = `Queued as run ${wanted.run}: run ${state.current.run} is under way`;
    return { state: next, answer: { message, outcome: 'queued', run: wanted.run } };
  }
  return { state: next, answer: { message: `Started run ${wanted.run}`, outcome: 'started', run: wanted.run } };
}

function coalesce(state: LoopState, queued: WantedRun, request: TrainingRequest) {
  if (canonicalJson(request.parameters ?? {}) !== canonicalJson(queued.request.parameters ?? {})) {
    return refuse(
      state,
      'busy',
      `Run ${queued.run} waits already, with other parameters: ask again when it has started`,
    );
  }
  const replyTo = request.replyTo === undefined ? queued.replyTo : [...queued.replyTo, request.replyTo];
  const answer = {
    message: `Coalesced into run ${queued.run}, which waits already`,
    outcome: 'coalesced' as const,
    run: queued.run,
  };
  return { state: { ...state, queued: { ...queued, replyTo } }, answer };
}

function refuse(state: LoopState, reason: RefusalReason, message: string) {
  return { state, answer: { message, outcome: 'refused' as const, reason } };
}

/** Moves the queued run to current. */
export function startQueued(state: LoopState, nowMs: number): LoopState {
  const { queued, ...rest } = state;
  if (!queued || state.current) return state;
  return { ...rest, current: queued, lastStartMs: nowMs };
}

/** Takes note of how the current run ended; a snapshot that passed its contract becomes the cursor of the next run. */
export function finishCurrent(state: LoopState, outcome: RunOutcome, snapshot?: Ref): LoopState {
  const { current: _ended, ...rest } = state;
  const recent = [...state.recent, outcome].slice(-REMEMBERED_RUNS);
  return snapshot ? { ...rest, recent, snapshot } : { ...rest, recent };
}
