import type { Client } from '@temporalio/client';
import { isName } from '../domain/artifact.js';
import type { ArtifactStore } from '../stores/store.js';

/** Names of the models that have a ledger or a run in this store, sorted. */
export async function knownModels(store: ArtifactStore): Promise<string[]> {
  const names = new Set<string>();
  for (const prefix of ['ledger/', 'runs/']) {
    for await (const { key } of store.list(prefix)) {
      const name = key.slice(prefix.length).split('/')[0] ?? '';
      if (isName(name)) names.add(name);
    }
  }
  return [...names].toSorted();
}

/** Names of the models whose loop runs in this namespace, as Temporal lists them. */
export async function runningModels(temporal: Client): Promise<string[]> {
  const names: string[] = [];
  const query = "WorkflowType = 'modelLoop' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of temporal.workflow.list({ query })) {
    names.push(workflowId.replace(/^perennial\//, ''));
  }
  return names;
}
