import { loopId } from '../domain/run.js';
import { findExecution } from '../find-execution.js';
import { runOfLoop } from '../run-of-loop.js';
import { reachTemporal, type Connected } from './connect.js';
import { noneEnded } from './run-record-of.js';
import { statusOf } from './status-of.js';

/**
 * The run that `latest` means: the one under way, else the last that has ended. When Temporal cannot be asked, what the
 * store says stands.
 *
 * @param doing what is asked for, for the message: `show run`
 * @throws {NotFoundError} when there is none yet, or no such model
 */
export async function newestRun(connected: Connected, doing: string, model: string): Promise<number> {
  const run = (await runNow(connected, model)) ?? (await connected.perennial.runs(model, { limit: 1 }))[0]?.run;
  if (run !== undefined) return run;
  // A model without runs is told from one that nobody knows.
  await statusOf(connected, model);
  throw noneEnded(doing, model);
}

async function runNow({ temporal, where }: Connected, model: string): Promise<number | undefined> {
  try {
    await reachTemporal(where);
    const loop = await temporal.withDeadline(Date.now() + PATIENCE_MS, () => findExecution(temporal, loopId(model)));
    return loop && runOfLoop(model, loop);
  } catch {
    return undefined;
  }
}

const PATIENCE_MS = 5000;
