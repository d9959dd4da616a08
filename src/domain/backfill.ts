import type { Ref } from './artifact.js';
import { durationMs } from './duration.js';
import type { RunOutcome } from './loop.js';
import type { RunFailure, RunPlan } from './run.js';

/** The past that a backfill runs through. */
export interface BackfillRange {
  /** Where the first window begins; ISO 8601 in UTC. */
  readonly from: string;
  /** The last window ends here or before; ISO 8601 in UTC. */
  readonly to: string;
  /** Length of a window, such as `1w`. */
  readonly every: string;
}

/** What a backfill is started with. */
export interface BackfillInput {
  readonly model: string;
  /** The spec that all its windows are run by. */
  readonly plan: RunPlan;
  readonly range: BackfillRange;
  /** Whether a window's PROMOTE is rolled out. */
  readonly promote: boolean;
  /** Who asked. */
  readonly by: string;
  /** Run windows again that have a verdict from an earlier backfill by the same spec. Default: false. */
  readonly restart?: boolean;
  /** What the execution before handed on. */
  readonly carried?: {
    readonly done: readonly BackfilledWindow[];
    /** Ends of the windows that are still to be run. */
    readonly rest: readonly string[];
    /** As {@link isHopeless} takes them. */
    readonly failures: readonly (BackfilledWindow['failure'] | null)[];
    /** Cancel the run that is asked for next. Default: false. */
    readonly hurry?: boolean;
  };
  /** After so many milliseconds without a word it looks for a run's outcome itself. Default ten minutes. */
  readonly patienceMs?: number;
}

/** How one window ended. */
export interface BackfilledWindow extends Pick<RunOutcome, 'run' | 'outcome' | 'version' | 'summary' | 'failure'> {
  /** The end of the window: rows from then on were left out. ISO 8601 in UTC. */
  readonly asOf: string;
}

/** A verdict by the record of its run. */
export interface RecordedWindow extends BackfilledWindow {
  /**
   * It is none of the windows that were asked about, but the newest time that a champion may have learned up to: windows
   * that end before come too late to be promoted. Default: false.
   */
  readonly foreign?: true;
}

/** How far a backfill is. */
export interface BackfillState {
  readonly model: string;
  readonly range: BackfillRange;
  readonly promote: boolean;
  readonly spec: Ref;
  /** How many windows the range has. */
  readonly windows: number;
  /** Windows that have ended, in the order of time; also those that an earlier backfill had done. */
  readonly done: readonly BackfilledWindow[];
  /** The window that is run now, or next. */
  readonly current?: { readonly asOf: string; readonly run?: number };
  /** Why it waits, when the loop has no time for it. */
  readonly waiting?: string;
}

/** What a backfill ends with. */
export interface BackfillResult {
  /** One sentence for everybody: how many windows, and how they ended. */
  readonly summary: string;
  readonly windows: readonly BackfilledWindow[];
}

/** The first detail of a {@link BACKFILL_STOPPED}. */
export interface BackfillStop extends BackfillResult {
  /** The next step, when it is another one than to mend what failed. */
  readonly fix?: string;
}

/** What a backfill's memo says, also while no worker runs. */
export interface BackfillMemo {
  readonly perennialBackfill: { readonly range: BackfillRange; readonly promote: boolean; readonly spec: string };
}

/** Most windows that one backfill may have. */
export const MOST_WINDOWS = 1000;

/** The failure type of a backfill that gave up before its last window. */
export const BACKFILL_STOPPED = 'BACKFILL.STOPPED';

/** Workflow id of a model's backfill: one at a time. */
export function backfillId(model: string): string {
  return `perennial/${model}/backfill`;
}

export function backfillMemo({ range, promote, plan }: BackfillInput): BackfillMemo & Record<string, unknown> {
  return { perennialBackfill: { range, promote, spec: plan.spec.sha256 } };
}

/** The ends of all whole windows of a range, oldest first. What is left over before `to` is no window. */
export function windowEnds({ from, to, every }: BackfillRange): string[] {
  const [start, step] = [Date.parse(from), durationMs(every)];
  const count = Math.floor((Date.parse(to) - start) / step);
  return Array.from({ length: Math.max(0, count) }, (_, index) => new Date(start + (index + 1) * step).toISOString());
}

/**
 * The windows that are still to be run. One that has a verdict is done; one that failed is tried again. With promotion
 * the order is part of the result, so that goes on after the newest window that has a verdict, and leaves out those that
 * end before what a champion has learned from elsewhere.
 */
export function windowsToRun(ends: readonly string[], found: readonly RecordedWindow[], promote: boolean): string[] {
  const judged = found.filter(({ outcome }) => outcome !== 'FAILED');
  if (promote) {
    return ends.filter((end) => judged.every(({ asOf, foreign }) => end > asOf || (foreign === true && end === asOf)));
  }
  const own = new Set(judged.map(({ asOf }) => asOf));
  return ends.filter((end) => !own.has(end));
}

/** The windows with one more, in the order of time; it takes the place of an earlier try. */
export function withWindow(done: readonly BackfilledWindow[], window: BackfilledWindow): BackfilledWindow[] {
  const others = done.filter(({ asOf }) => asOf !== window.asOf);
  return [...others, window].toSorted((a, b) => (a.asOf < b.asOf ? -1 : 1));
}

/**
 * Whether the next window would fail as the last ones did. Sources and contract are looked at whole in every run, so what
 * fails there fails in each; so does SQL that is wrong. A window without rows is no reason to stop, and of anything else
 * three in a row.
 *
 * @param failures of the windows that this backfill has run, oldest first; null for one that was judged
 */
export function isHopeless(failures: readonly (BackfilledWindow['failure'] | null)[]): boolean {
  const last = failures.at(-1);
  if (!last || last.code === 'RUN.CANCELLED') return false;
  if (last.stage !== undefined && EVERY_WINDOW.stages.has(last.stage)) return true;
  if (EVERY_WINDOW.codes.has(last.code)) return true;
  const row = failures.slice(-SAME_IN_A_ROW);
  return last.code !== 'DATA.EMPTY' && row.length === SAME_IN_A_ROW && row.every((each) => each?.code === last.code);
}

const SAME_IN_A_ROW = 3;
const EVERY_WINDOW = {
  stages: new Set<RunFailure['stage']>(['ingest', 'validate', 'register']),
  codes: new Set([
    'DATA.PREPARE',
    'DATA.PAIR',
    'DATA.LEAK',
    'SPEC.INVALID',
    'STORE.REFUSED',
    'LEDGER.BROKEN',
    'SETUP.MISSING',
  ]),
};

/** `12 windows: 2 PROMOTE, 9 HOLD, 1 FAILED`. */
export function countOutcomes(windows: readonly BackfilledWindow[]): string {
  const kinds = (['PROMOTE', 'HOLD', 'REJECT', 'FAILED'] as const).flatMap((kind) => {
    const count = windows.filter(({ outcome }) => outcome === kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  const size = `${windows.length} window${windows.length === 1 ? '' : 's'}`;
  return kinds.length === 0 ? size : `${size}: ${kinds.join(', ')}`;
}

/** A time as short as it can be said: `2025-01-06`, or with the minutes when it is not midnight. */
export function shortTime(iso: string): string {
  return iso.replace(/T00:00:00(\.0+)?Z$/, '').replace(/(:\d\d)(:00(\.0+)?)Z$/, '$1Z');
}
