import { Context } from '@temporalio/activity';
import { askForTraining } from './ask-for-training.js';
import { deploy } from './deploy.js';
import type { ActivityDeps } from './deps.js';
import { findOutcome } from './find-outcome.js';
import { evaluate } from './evaluate.js';
import { toFailure } from './failures.js';
import { withHeartbeat } from './heartbeat.js';
import { ingest } from './ingest.js';
import { judge } from './judge.js';
import { promote } from './promote.js';
import { record } from './record.js';
import { register } from './register.js';
import { split } from './split.js';
import { train } from './train.js';
import { validate } from './validate.js';

export type { ActivityDeps } from './deps.js';

/**
 * Every side effect of Perennial, by the names under which a worker registers them. The prefix keeps them apart from the
 * user's own activities. All are safe to repeat, also at the same time.
 */
export function createActivities(deps: ActivityDeps) {
  return {
    'perennial.ingest': typed(ingest, deps),
    'perennial.validate': typed(validate, deps),
    'perennial.split': typed(split, deps),
    'perennial.train': typed(train, deps),
    'perennial.evaluate': typed(evaluate, deps),
    'perennial.judge': typed(judge, deps),
    'perennial.register': typed(register, deps),
    'perennial.promote': typed(promote, deps),
    'perennial.deploy': typed(deploy, deps),
    'perennial.record': typed(record, deps),
    'perennial.findOutcome': typed(findOutcome, deps),
    'perennial.askForTraining': typed(askForTraining, deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

type Work<Input, Output> = (deps: ActivityDeps, input: Input, signal: AbortSignal) => Promise<Output>;

/** Each runs under a heartbeat, so that a dead worker is noticed soon and cancellation arrives, and fails in typed terms. */
function typed<Input, Output>(work: Work<Input, Output>, deps: ActivityDeps) {
  return async (input: Input): Promise<Output> => {
    try {
      return await withHeartbeat((signal) => work(deps, input, signal));
    } catch (error) {
      throw toFailure(error, Context.current().info.attempt);
    }
  };
}
