import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { StepRecord } from '../src/domain/attempt.js';
import type { BackfillState } from '../src/domain/backfill.js';
import type { LoopState, RunOutcome } from '../src/domain/loop.js';
import type { RunPlan } from '../src/domain/run.js';
import type { SearchState } from '../src/domain/search.js';
import type { TrainingAnswer, TrainingRequest } from '../src/domain/trigger.js';

/** Asks the loop for a run. The update id is the request's id: asking again with the same id gives the same answer. */
export const requestTraining = defineUpdate<TrainingAnswer, [TrainingRequest]>('requestTraining');

/**
 * From now on the loop works by this plan; a run under way ends by the old one. A signal, so that a spec can be applied
 * while no worker runs.
 */
export const setPlan = defineSignal<[RunPlan]>('setPlan');

/** Schedules and other automatic triggers are refused until `resume`; requests by hand go on. */
export const pause = defineUpdate<void, [{ by: string }]>('pause');

/** Ends a pause. */
export const resume = defineUpdate<void, [{ by: string }]>('resume');

/** What the loop does now, waits for and remembers. */
export const status = defineQuery<LoopState>('status');

/** Sent by the loop to whoever waits for a run's outcome. */
export const runFinished = defineSignal<[RunOutcome]>('runFinished');

/** How far a backfill is. */
export const backfillStatus = defineQuery<BackfillState>('backfillStatus');

/** Tells a backfill to cancel the run that it waits for, now or as soon as it has one. */
export const cancelBackfilledRun = defineSignal('cancelBackfilledRun');

/** How far a search is. */
export const searchStatus = defineQuery<SearchState>('searchStatus');

/** Sent by a search that gives no result to the run that it is for: who did what until then, and what it took. */
export const searchLost = defineSignal<[StepRecord]>('searchLost');
