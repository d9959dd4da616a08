import type { WorkflowExecutionDescription } from '@temporalio/client';
import { runId } from './domain/run.js';

/** The run that a loop waits for, as Temporal describes the loop: no worker has to answer. */
export function runOfLoop(model: string, loop: Pick<WorkflowExecutionDescription, 'raw'>): number | undefined {
  for (const { workflowId } of loop.raw.pendingChildren ?? []) {
    const run = Number(/\/(\d+)$/.exec(workflowId ?? '')?.[1]);
    if (workflowId === runId(model, run)) return run;
  }
  return undefined;
}
