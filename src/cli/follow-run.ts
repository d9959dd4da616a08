import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { runId, type RunRecord } from '../domain/run.js';
import { describedWaitsFor } from '../resources/waits-for.js';
import type { CommandContext } from './command.js';
import type { Connected } from './connect.js';
import { EXIT_CODES, exitCodeOf } from './exit-codes.js';
import { runText } from './run-text.js';
import { stageOf } from './stage-of.js';
import { attemptText, stepUnderWay } from './step-under-way.js';

const LOOK_EVERY_MS = 250;

/**
 * Waits for the end of a run, with its stages on stderr, and prints its record. Ctrl-C ends the waiting, not the run.
 * Gives the exit code: 0 when the candidate was promoted, 4 when it was not, that of the failure when the run failed.
 */
export async function followRun(
  context: CommandContext,
  connected: Connected,
  model: string,
  run: number,
): Promise<number> {
  const onAbort = () => context.note(`\nThe run goes on. Its end: perennial show ${model} ${run}`);
  context.signal.addEventListener('abort', onAbort, { once: true });
  try {
    await watchStages(context, connected, model, run);
  } finally {
    context.signal.removeEventListener('abort', onAbort);
  }
  const record = await connected.perennial.run(model, run);
  context.answer({ model, run: record }, () => runText(context, record));
  return exitCodeFor(record);
}

function exitCodeFor({ outcome, failure }: RunRecord): number {
  if (outcome === 'FAILED') return exitCodeOf(failure?.code ?? '');
  return outcome === 'PROMOTE' ? EXIT_CODES.ok : EXIT_CODES.judged;
}

async function watchStages(context: CommandContext, connected: Connected, model: string, run: number): Promise<void> {
  const handle = connected.temporal.workflow.getHandle(runId(model, run));
  // Between two steps Temporal may still name one before them.
  const shown = new Set<string>();
  let waited: string | undefined;
  let tried: string | undefined;
  const note = (text: string) => context.note(`  ${new Date().toISOString().slice(11, 19)}  ${text}`);
  for (;;) {
    context.signal.throwIfAborted();
    try {
      const description = await handle.describe();
      const stage = stageOf(description);
      if (stage !== undefined && !shown.has(stage)) note(stage);
      if (stage !== undefined) shown.add(stage);
      if (description.status.name !== 'RUNNING') break;
      const step = stepUnderWay(description);
      const again = step && step.attempt > 1 ? `${stage}: ${attemptText(step)}` : undefined;
      if (again !== undefined && again !== tried) note(again);
      tried = again ?? tried;
      const waits = (await describedWaitsFor(connected.temporal, description.raw))?.text;
      if (waits !== waited) note(waits ?? 'waits no more: a worker has it');
      waited = waits;
    } catch (error) {
      // A run that waits behind another is not there yet.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const { loop } = await connected.perennial.status(model);
      if (loop?.queued?.run !== run && loop?.current?.run !== run) return;
    }
    await delay(LOOK_EVERY_MS, undefined, { signal: context.signal });
  }
  // The record is written by the run's last step, so it is there by now, however the run ended.
  await handle.result().catch((error: unknown) => {
    if (!(error instanceof WorkflowFailedError)) throw error;
  });
}
