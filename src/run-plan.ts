import type { Ref } from './domain/artifact.js';
import { durationMs } from './domain/duration.js';
import type { RunPlan } from './domain/run.js';
import { resourcePlan } from './resources/needs.js';
import { searchPlan } from './search/settings.js';
import type { ModelSpec } from './spec/spec.js';

/** What the workflows need to know of a spec while they decide. */
export function runPlan(spec: ModelSpec, ref: Ref): RunPlan {
  const search = searchPlan(spec);
  return {
    spec: ref,
    objective: spec.objective.statement,
    owners: spec.owners,
    trainTimeoutMs: durationMs(spec.trainer.timeout),
    rolloutTimeoutMs: durationMs(spec.rollout.timeout),
    cooldownMs: durationMs(spec.triggers.cooldown),
    resources: resourcePlan(spec.trainer),
    ...(search && { search }),
  };
}
