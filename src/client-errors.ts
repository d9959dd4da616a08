import { loopId } from './domain/run.js';
import { NotFoundError, SetupConflictError } from './errors.js';

/** NOT.FOUND for a run. */
export function noSuchRun(model: string, run: number, cause: unknown): NotFoundError {
  return new NotFoundError(`Cannot find run ${run} of "${model}": there is neither a record nor a workflow of it`, {
    fix: `perennial runs ${model}`,
    details: { model, run },
    cause,
  });
}

/** Two task queues for one loop would be two sets of workers of which one never gets anything. */
export function loopElsewhere(model: string, found: string, wanted: string): SetupConflictError {
  return new SetupConflictError(
    `Cannot apply "${model}" for the task queue "${wanted}": its loop works on the task queue "${found}"`,
    {
      fix: `Apply it with --task-queue ${found}. To move it: temporal workflow terminate --workflow-id ${loopId(model)}, then apply again.`,
      details: { model, found, wanted },
    },
  );
}

/** NOT.FOUND for a model. */
export function noSuchModel(model: string, cause?: unknown): NotFoundError {
  return new NotFoundError(`Cannot find model "${model}": no loop of that name runs here`, {
    fix: 'perennial apply perennial.yaml',
    details: { model },
    ...(cause !== undefined && { cause }),
  });
}
