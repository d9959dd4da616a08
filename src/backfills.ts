import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import type { backfill } from '../workflows/backfill.js';
import * as messages from '../workflows/messages.js';
import { modelKey, triggerKey } from '../workflows/search-attributes.js';
import {
  BACKFILL_STOPPED,
  backfillId,
  backfillMemo,
  MOST_WINDOWS,
  shortTime,
  windowEnds,
  type BackfillInput,
  type BackfillMemo,
  type BackfillRange,
  type BackfillResult,
  type BackfillState,
  type BackfillStop,
} from './domain/backfill.js';
import { canonicalJson } from './domain/canonical.js';
import { durationMs } from './domain/duration.js';
import { BackfillRunningError, BackfillStoppedError, NotFoundError, UsageError } from './errors.js';
import { findExecution } from './find-execution.js';
import { parseTime } from './parse-time.js';

export interface BackfillOptions {
  /** Where the first window begins: `2025-01-06`, or with a time of day, `2025-01-06T12:00Z`. */
  readonly from: string;
  /** The last window ends here or before, so rows from then on are never used; not later than now. */
  readonly to: string;
  /** Length of a window. Default: `1w`. */
  readonly every?: string;
  /** Roll out each window's PROMOTE, as on a new model. Default: false, the champion stays whatever comes out. */
  readonly promote?: boolean;
  /** Run windows again that have a verdict from an earlier backfill by the same spec. Default: false. */
  readonly restart?: boolean;
  /** Who asks. Default: the client's identity. */
  readonly by?: string;
}

/** What `backfill` did. */
export interface BackfillStarted {
  readonly workflowId: string;
  readonly range: BackfillRange;
  /** Ends of the windows, oldest first; those that have a verdict already are not run again. */
  readonly windows: readonly string[];
  /** The very same backfill ran already: nothing was started. */
  readonly already: boolean;
}

/**
 * The range as it is kept.
 * @throws {UsageError} for what is no time or duration, for `from` behind `to`, a `to` in the future, no whole window, or
 *   more than {@link MOST_WINDOWS}
 */
export function backfillRange({ from, to, every = '1w' }: BackfillOptions, now = Date.now()): BackfillRange {
  const range = { from: parseTime('from', from), to: parseTime('to', to), every };
  const refuse = (found: string, fix: string) => {
    throw new UsageError(`Cannot backfill from ${from} to ${to}: ${found}`, { fix, details: { ...range } });
  };
  const everyMs = parseDuration(every);
  const spanMs = Date.parse(range.to) - Date.parse(range.from);
  if (spanMs <= 0) refuse('found an end that is not after the start, want a later one', 'Check --from and --to');
  if (Date.parse(range.to) > now) refuse('found an end in the future, want the past', '--to today or before');
  const count = Math.floor(spanMs / everyMs);
  if (count === 0) refuse(`found no whole window of ${every} in it, want at least one`, 'Give a smaller --every');
  if (count > MOST_WINDOWS)
    refuse(
      `found ${count} windows of ${every}, want at most ${MOST_WINDOWS}`,
      'Give a larger --every, or do it in parts',
    );
  return range;
}

function parseDuration(text: string): number {
  const fix = '--every 1w';
  try {
    const ms = durationMs(text);
    if (ms >= 60_000) return ms;
  } catch {
    // Said below.
  }
  throw new UsageError(
    `Cannot backfill every "${text.slice(0, 40)}": want a duration of a minute or more, such as 1d`,
    {
      fix,
    },
  );
}

/**
 * Starts it, or finds that it runs.
 * @throws {BackfillRunningError} when another one is under way, or the same one is but will not do what is asked
 */
export async function startBackfill(client: Client, taskQueue: string, input: BackfillInput): Promise<BackfillStarted> {
  const workflowId = backfillId(input.model);
  const { range } = input;
  const started = { workflowId, range, windows: windowEnds(range) };
  const memo = backfillMemo(input);
  try {
    await client.workflow.start<typeof backfill>('backfill', {
      workflowId,
      taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowTaskTimeout: '5s',
      typedSearchAttributes: [
        { key: modelKey, value: input.model },
        { key: triggerKey, value: 'backfill' },
      ],
      staticSummary: `Backfill of ${input.model}, ${inWords(range)}`,
      staticDetails: input.promote ? 'Each PROMOTE is rolled out.' : 'The champion stays, whatever the verdicts.',
      memo,
    });
    return { ...started, already: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const running = await findExecution(client, workflowId);
  // It has ended meanwhile.
  if (!running || running.closeTime !== undefined) return await startBackfill(client, taskQueue, input);
  const { perennialBackfill: other } = (running.memo ?? {}) as Partial<BackfillMemo>; // every backfill has this memo
  const same = other !== undefined && canonicalJson(other) === canonicalJson(memo.perennialBackfill);
  const ending = isEnding(running);
  if (same && !ending && !input.restart) return { ...started, already: true };
  const which = same ? 'this one' : 'another one';
  const what = !same && other ? ` (${inWords(other.range)}${other.promote ? ', promoting' : ''})` : '';
  const but = ending
    ? ', and ends with its run, as it was cancelled'
    : same
      ? ', and does not begin anew in the middle'
      : '';
  const wait = `perennial backfill ${input.model} --wait`;
  throw new BackfillRunningError(`Cannot start a backfill of "${input.model}": ${which} is under way${what}${but}`, {
    fix: ending
      ? `Wait for its end, then ask again: ${wait}`
      : `Wait for its end (${wait}), or: perennial backfill ${input.model} --cancel`,
    details: { model: input.model, ...other },
  });
}

/** Whether it was cancelled, and waits for the end of its run only. */
function isEnding({ raw }: WorkflowExecutionDescription): boolean {
  return raw.workflowExtendedInfo?.cancelRequested === true;
}

export async function backfillState(client: Client, model: string): Promise<BackfillState> {
  return await ofBackfill(model, () => handleOf(client, model).query(messages.backfillStatus));
}

/**
 * How the newest backfill ended.
 * @throws {BackfillStoppedError} when it stopped by itself, was terminated, or a step of its own failed
 * @throws {CancelledFailure} of Temporal, when it was cancelled
 */
export async function backfillResult(client: Client, model: string): Promise<BackfillResult> {
  try {
    return await ofBackfill(model, () => handleOf(client, model).result());
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof CancelledFailure) throw error.cause;
    throw stoppedError(model, error);
  }
}

function stoppedError(model: string, { cause, message }: WorkflowFailedError): BackfillStoppedError {
  const goOn = 'start the same backfill again: it goes on where it stopped';
  if (cause instanceof TerminatedFailure) {
    const why = cause.message === '' ? '' : `: ${cause.message}`;
    return new BackfillStoppedError(`The backfill of "${model}" was terminated${why}`, {
      fix: `If that was not meant, ${goOn}.`,
      details: { model },
      cause,
    });
  }
  const root = rootOf(cause);
  const known = root instanceof ApplicationFailure;
  // As the workflow, or `toFailure` of an activity, puts it there.
  const facts = ((known && root.details?.[0]) || {}) as Partial<BackfillStop>;
  const fix = facts.fix === undefined ? `Correct what failed, then ${goOn}.` : facts.fix;
  if (known && root.type === BACKFILL_STOPPED) {
    return new BackfillStoppedError(root.message, { fix, details: { model, result: facts } });
  }
  const code = known ? (root.type ?? undefined) : root?.name;
  const what = root ? `${code === undefined ? '' : `${code}: `}${root.message}` : message;
  return new BackfillStoppedError(`The backfill of "${model}" failed: ${what}`, {
    fix: facts.fix === undefined ? fix : `${fix} Then ${goOn}.`,
    details: { model, ...(code !== undefined && { cause: code }) },
    cause: root,
  });
}

/** The failure that has a code, or else the first of all. */
function rootOf(error: Error | undefined): Error | undefined {
  let at = error;
  while (!(at instanceof ApplicationFailure) && at?.cause instanceof Error) at = at.cause;
  return at;
}

export async function cancelBackfill(
  client: Client,
  model: string,
  { now = false }: { readonly now?: boolean },
): Promise<void> {
  const running = await findExecution(client, backfillId(model));
  if (running?.status.name !== 'RUNNING') throw noBackfill(model, 'none is under way');
  const handle = handleOf(client, model);
  await ofBackfill(model, async () => {
    if (now) await handle.signal(messages.cancelBackfilledRun);
    await handle.cancel();
  });
}

function handleOf(client: Client, model: string) {
  return client.workflow.getHandle<typeof backfill>(backfillId(model));
}

async function ofBackfill<T>(model: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw noBackfill(model, 'there is none', error);
    throw error;
  }
}

function noBackfill(model: string, found: string, cause?: unknown): NotFoundError {
  return new NotFoundError(`Cannot find a backfill of "${model}": ${found}`, {
    fix: `perennial backfill ${model} --from 2025-01-06 --to 2025-03-31`,
    details: { model },
    ...(cause !== undefined && { cause }),
  });
}

function inWords({ from, to, every }: BackfillRange): string {
  return `${shortTime(from)} to ${shortTime(to)} every ${every}`;
}
