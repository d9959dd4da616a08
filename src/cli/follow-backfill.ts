import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { backfillId, countOutcomes, shortTime, type BackfillState } from '../domain/backfill.js';
import { BackfillStoppedError } from '../errors.js';
import { findExecution } from '../find-execution.js';
import type { CommandContext } from './command.js';
import type { Connected } from './connect.js';
import { EXIT_CODES } from './exit-codes.js';
import { outcomeText } from './run-text.js';
import { table } from './table.js';

const LOOK_EVERY_MS = 500;

/**
 * Waits for the end of a backfill, with a line on stderr for each window that ends, and prints its table. Ctrl-C ends the
 * waiting, not the backfill. Gives the exit code: 0 when a window was judged, 2 when all failed, 3 when it was cancelled.
 *
 * @throws {BackfillStoppedError} when it gave up before its last window
 */
export async function followBackfill(context: CommandContext, connected: Connected, model: string): Promise<number> {
  const { perennial } = connected;
  const onAbort = () =>
    context.note(
      `\nThe backfill goes on. How far it is: perennial backfill ${model}. To end it: perennial backfill ${model} --cancel`,
    );
  context.signal.addEventListener('abort', onAbort, { once: true });
  let state: BackfillState;
  try {
    state = await watchWindows(context, connected, model);
  } finally {
    context.signal.removeEventListener('abort', onAbort);
  }
  const end = await perennial.backfillResult(model).catch((error: unknown) => {
    if (error instanceof CancelledFailure) return undefined;
    throw error;
  });
  context.answer({ model, cancelled: end === undefined, state, summary: end?.summary ?? null }, () =>
    backfillText(context, state, end?.summary ?? CANCELLED),
  );
  if (end === undefined) return EXIT_CODES.cancelled;
  return state.done.some(({ outcome }) => outcome !== 'FAILED') ? EXIT_CODES.ok : EXIT_CODES.expected;
}

const CANCELLED = 'Cancelled. Asked for again, it goes on after the windows that are done';

/** How the newest backfill of a model ended, in a sentence; undefined while it is under way. */
export async function endOfBackfill({ perennial, temporal }: Connected, model: string): Promise<string | undefined> {
  if ((await findExecution(temporal, backfillId(model)))?.status.name === 'RUNNING') return undefined;
  try {
    return (await perennial.backfillResult(model)).summary;
  } catch (error) {
    if (error instanceof CancelledFailure) return CANCELLED;
    if (error instanceof BackfillStoppedError) return error.message;
    throw error;
  }
}

/** A backfill as people read it: how far it is, and its windows. */
export function backfillText(
  screen: Pick<CommandContext, 'isTty' | 'width' | 'colours'>,
  state: BackfillState,
  end?: string,
): string {
  const { model, range, promote, windows, done, current, waiting } = state;
  const lines = [
    `${screen.colours.bold(model)}: ${shortTime(range.from)} to ${shortTime(range.to)} every ${range.every}, ` +
      (promote ? 'promoting' : 'without promoting'),
    `  ended      ${done.length} of ${windows}, ${countOutcomes(done)}`,
  ];
  if (current) {
    const run = current.run === undefined ? '' : `, run ${current.run}`;
    lines.push(
      `  now        as of ${shortTime(current.asOf)}${run}${waiting === undefined ? '' : ` (waits: ${waiting})`}`,
    );
  }
  if (end !== undefined) lines.push(`  end        ${end}`);
  if (done.length > 0) {
    const rows = done.map(({ asOf, run, outcome, version, summary }) => [
      shortTime(asOf),
      String(run),
      outcomeText(screen, outcome),
      version === undefined ? '-' : `v${version}`,
      summary,
    ]);
    lines.push(
      '',
      table(screen, { head: ['AS OF', 'RUN', 'OUTCOME', 'VERSION', 'SUMMARY'], rows, mayCut: ['SUMMARY'] }),
    );
  }
  return lines.join('\n');
}

/** Tells each window that ends, until the backfill has; gives its last state. */
async function watchWindows(context: CommandContext, connected: Connected, model: string): Promise<BackfillState> {
  const { perennial, temporal } = connected;
  const told = new Set<string>();
  for (;;) {
    context.signal.throwIfAborted();
    // Asked first, so that what comes after is the last of a backfill that has ended.
    const execution = await findExecution(temporal, backfillId(model));
    const state = await perennial.backfillState(model);
    for (const { asOf, run, outcome, summary } of state.done) {
      if (!told.has(asOf)) context.note(`  as of ${shortTime(asOf)}  run ${run}  ${outcome}  ${summary}`);
      told.add(asOf);
    }
    if (execution?.status.name !== 'RUNNING') return state;
    await delay(LOOK_EVERY_MS, undefined, { signal: context.signal });
  }
}
