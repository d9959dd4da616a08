import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WaitsFor } from '../src/domain/resources.js';
import { runWaitsFor } from '../src/resources/waits-for.js';
import type { ActivityDeps } from './deps.js';

export interface WatchWorkersInput {
  /** What was known by then; absent when nothing waited. */
  readonly known?: WaitsFor;
}

export interface WatchedWorkers {
  /** What a step of the workflow waits for now; absent when every step has a worker. */
  readonly waitsFor?: WaitsFor;
}

/** How often Temporal is asked. */
const LOOK_EVERY_MS = 1000;

/** Looks until it changes whether a step of the workflow that asks waits for a worker, or for room on one. */
export async function watchWorkers(
  _deps: ActivityDeps,
  { known }: WatchWorkersInput,
  signal: AbortSignal,
): Promise<WatchedWorkers> {
  const { client, info } = Context.current();
  const execution = info.workflowExecution;
  if (!execution) return {};
  for (;;) {
    const found = (await runWaitsFor(client, execution))?.waitsFor;
    if (found !== known) return found === undefined ? {} : { waitsFor: found };
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}
