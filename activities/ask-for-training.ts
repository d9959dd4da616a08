import { Context } from '@temporalio/activity';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { RunPlan } from '../src/domain/run.js';
import type { TrainingAnswer, TrainingRequest } from '../src/domain/trigger.js';
import { requestTraining } from '../workflows/messages.js';
import { loopOptions } from '../src/loop-options.js';
import type { modelLoop } from '../workflows/model-loop.js';
import type { ActivityDeps } from './deps.js';

/** Sends a request for training to the loop, which is started if it does not run; a workflow cannot send an Update itself. */
export async function askForTraining(
  { store }: ActivityDeps,
  { model, plan, request, requestId }: AskForTrainingInput,
): Promise<TrainingAnswer> {
  const { client, info } = Context.current();
  const options = await loopOptions({ client, store }, model, plan, info.taskQueue);
  return await client.workflow.executeUpdateWithStart<typeof modelLoop, TrainingAnswer, [TrainingRequest]>(
    requestTraining,
    {
      startWorkflowOperation: new WithStartWorkflowOperation<typeof modelLoop>('modelLoop', options),
      updateId: requestId,
      args: [request],
    },
  );
}

export interface AskForTrainingInput {
  readonly model: string;
  readonly plan: RunPlan;
  readonly request: TrainingRequest;
  /** Asking again with the same id gives the same answer. */
  readonly requestId: string;
}
