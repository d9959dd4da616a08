import { checkContract } from './spec-check-contract.js';
import { checkGate } from './spec-check-gate.js';
import { checkSearch } from './spec-check-search.js';
import { checkSplit } from './spec-check-split.js';
import { checkTask } from './spec-check-task.js';
import { checkTimes } from './spec-check-times.js';
import { checkTrainer } from './spec-check-trainer.js';
import { checkWarmStart } from './spec-check-warm-start.js';
import type { SpecParts } from './spec-parts.js';
import type { SpecIssue } from './spec-path.js';

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
