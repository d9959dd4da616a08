import { askForTraining } from './ask-for-training.js';
import { deploy } from './deploy.js';
import type { ActivityDeps } from './deps.js';
import { evaluate } from './evaluate.js';
import { toFailure } from './failures.js';
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
    'perennial.askForTraining': typed(askForTraining, deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

function typed<Input, Output>(work: (deps: ActivityDeps, input: Input) => Promise<Output>, deps: ActivityDeps) {
  return async (input: Input): Promise<Output> => {
    try {
      return await work(deps, input);
    } catch (error) {
      throw toFailure(error);
    }
  };
}
