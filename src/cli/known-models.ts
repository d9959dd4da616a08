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
