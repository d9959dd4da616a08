import type { AttemptRecord } from '../src/domain/attempt.js';
import { countMoved } from '../src/stores/counting-store.js';
import { askForTraining } from './ask-for-training.js';
import { AttemptLog } from './attempt-log.js';
import { cacheCode } from './cache-code.js';
import { cached, type Work } from './cached.js';
import { evaluateStep, searchStep, splitStep, trainStep } from './cached-steps.js';
import { deploy } from './deploy.js';
import type { ActivityDeps } from './deps.js';
import { findBackfilled } from './find-backfilled.js';
import { findOutcome } from './find-outcome.js';
import { toFailure } from './failures.js';
import { withHeartbeat } from './heartbeat.js';
import { ingest } from './ingest.js';
import { judge } from './judge.js';
import { promote } from './promote.js';
import { record } from './record.js';
import { register } from './register.js';
import { runTrials } from './run-trials.js';
import { SearchChunks } from '../src/stores/search-chunks.js';
import { closeSearch } from './search-close.js';
import { validate } from './validate.js';
import { watchWorkers } from './watch-workers.js';

export type { ActivityDeps } from './deps.js';

/**
 * Every side effect of Perennial, by the names under which a worker registers them. The prefix keeps them apart from the
 * user's own activities. All are safe to repeat, also at the same time.
 */
export function createActivities(deps: ActivityDeps) {
  const code = cacheCode();
  const chunks = new SearchChunks();
  return {
    'perennial.ingest': step(ingest, deps),
    'perennial.validate': step(validate, deps),
    'perennial.split': step(cached(splitStep, code), deps),
    'perennial.openSearch': step(cached(searchStep, code), deps),
    'perennial.runTrials': step(runTrials(chunks), deps),
    'perennial.closeSearch': step(closeSearch(chunks, code), deps),
    'perennial.train': step(cached(trainStep, code), deps),
    'perennial.evaluate': step(cached(evaluateStep, code), deps),
    'perennial.judge': step(judge, deps),
    'perennial.register': step(register, deps),
    'perennial.promote': step(promote, deps),
    'perennial.deploy': step(deploy, deps),
    'perennial.record': typed(record, deps),
    'perennial.findOutcome': typed(findOutcome, deps),
    'perennial.findBackfilled': typed(findBackfilled, deps),
    'perennial.askForTraining': typed(askForTraining, deps),
    'perennial.watchWorkers': typed(watchWorkers, deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

/** What a step gave, and last of all who did it: the attempts are for the run record. */
export type Attempted<Output> = Output & { readonly attempts?: readonly AttemptRecord[] };

/** A step of a run: its result tells of its attempts. */
function step<Input, Output extends object>(work: Work<Input, Output>, deps: ActivityDeps) {
  return async (input: Input): Promise<Attempted<Output>> => {
    const output = await typed(work, deps)(input);
    return { ...output, attempts: AttemptLog.current().close('done') };
  };
}

/** Each runs under a heartbeat, so that a dead worker is noticed soon and cancellation arrives, and fails in typed terms. */
function typed<Input, Output>(work: Work<Input, Output>, deps: ActivityDeps) {
  return async (input: Input): Promise<Output> => {
    try {
      return await countMoved(AttemptLog.current().moved, () =>
        withHeartbeat((signal) => deps.cache.during((cache) => work({ ...deps, cache }, input, signal))),
      );
    } catch (error) {
      throw toFailure(error);
    }
  };
}
