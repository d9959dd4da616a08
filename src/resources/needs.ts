import type { Needs, ResourcePlan } from '../domain/resources.js';
import { sizeBytes } from '../domain/size.js';
import { trainerKind } from '../domain/trainer-kind.js';
import type { TrainerSpec } from '../spec/spec.js';

/** What a training takes of the worker that runs it: nothing when it only waits for another system that trains. */
export function needsOf(trainer: TrainerSpec): Needs {
  const kind = trainerKind(trainer);
  if (kind === 'ray' || kind === 'activity') return { cpus: 0, gpus: 0, memoryBytes: 0 };
  const { cpus, gpus, memory } = trainer.resources;
  return { cpus, gpus, memoryBytes: memory === undefined ? 0 : sizeBytes(memory) };
}

/** Where a training is to run, for the plan of a run. */
export function resourcePlan(trainer: TrainerSpec): ResourcePlan {
  return { class: trainer.resources.class, ...needsOf(trainer) };
}
