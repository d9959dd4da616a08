import { condition } from '@temporalio/workflow';
import type { RunOutcome } from '../src/domain/loop.js';
import * as steps from './steps.js';

export interface AwaitedRun {
  readonly model: string;
  readonly run: number;
  /** After so many milliseconds without a word it looks for the outcome itself, again and again. */
  readonly patienceMs: number;
}

/**
 * Waits, at no cost, until the loop tells how a run ended. Whoever promised to tell may be gone, so from time to time it
 * looks for itself.
 *
 * @param told what the signal handler has received so far; looked at again whenever something comes
 */
export async function awaitOutcome(
  told: readonly RunOutcome[],
  { model, run, patienceMs }: AwaitedRun,
): Promise<RunOutcome> {
  const ofThisRun = () => told.find((outcome) => outcome.run === run);
  for (;;) {
    if (await condition(() => ofThisRun() !== undefined, patienceMs)) return ofThisRun()!;
    const found = await steps.findOutcome(`Look what became of run ${run}`, { model, run });
    if (found) return found;
  }
}
