import { Context } from '@temporalio/activity';
import { askForTraining } from './ask-for-training.js';
import { cacheCode } from './cache-code.js';
import { cached, type Work } from './cached.js';
import { evaluateStep, splitStep, trainStep } from './cached-steps.js';
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
import { validate } from './validate.js';

export type { ActivityDeps } from './deps.js';

/**
 * Every side effect of Perennial, by the names under which a worker registers them. The prefix keeps them apart from the
 * user's own activities. All are safe to repeat, also at the same time.
 */
export function createActivities(deps: ActivityDeps) {
  const code = cacheCode();
  return {
    'perennial.ingest': typed(ingest, deps),
    'perennial.validate': typed(validate, deps),
    'perennial.split': typed(cached(splitStep, code), deps),
    'perennial.train': typed(cached(trainStep, code), deps),
    'perennial.evaluate': typed(cached(evaluateStep, code), deps),
    'perennial.judge': typed(judge, deps),
    'perennial.register': typed(register, deps),
    'perennial.promote': typed(promote, deps),
    'perennial.deploy': typed(deploy, deps),
    'perennial.record': typed(record, deps),
    'perennial.findOutcome': typed(findOutcome, deps),
    'perennial.findBackfilled': typed(findBackfilled, deps),
    'perennial.askForTraining': typed(askForTraining, deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

/** Each runs under a heartbeat, so that a dead worker is noticed soon and cancellation arrives, and fails in typed terms. */
function typed<Input, Output>(work: Work<Input, Output>, deps: ActivityDeps) {
  return async (input: Input): Promise<Output> => {
    try {
      return await withHeartbeat((signal) => deps.cache.during((cache) => work({ ...deps, cache }, input, signal)));
    } catch (error) {
      throw toFailure(error, Context.current().info.attempt);
    }
  };
}
