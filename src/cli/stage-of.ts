import type { WorkflowExecutionDescription } from '@temporalio/client';
import { stageKey } from '../../workflows/search-attributes.js';

/**
 * The stage that a run is in: the step that is under way, else what its search attribute says, which is written only where
 * a run may stay for long.
 */
export function stageOf({ raw, typedSearchAttributes }: WorkflowExecutionDescription): string | undefined {
  const names = raw.pendingActivities?.map(({ activityType }) => activityType?.name?.replace('perennial.', ''));
  // Beside a step that may wait for its class of workers.
  const step = names?.find((name) => name !== 'watchWorkers');
  return step ?? typedSearchAttributes.get(stageKey);
}
