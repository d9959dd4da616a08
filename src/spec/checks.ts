import { checkContract } from './check-contract.js';
import { checkGate } from './check-gate.js';
import { checkSearch } from './check-search.js';
import { checkSplit } from './check-split.js';
import { checkTask } from './check-task.js';
import { checkTimes } from './check-times.js';
import { checkTrainer } from './check-trainer.js';
import { checkWarmStart } from './check-warm-start.js';
import type { SpecParts } from './parts.js';
import type { SpecIssue } from './path.js';

/** Everything that the schema cannot say: names that must exist, values that belong together. */
export function crossChecks(parts: SpecParts): SpecIssue[] {
  return [
    checkContract,
    checkTask,
    checkSplit,
    checkTimes,
    checkTrainer,
    checkWarmStart,
    checkSearch,
    checkGate,
  ].flatMap((check) => check(parts));
}
