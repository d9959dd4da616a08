import { runKey } from '../src/domain/artifact.js';
import { canonicalJson } from '../src/domain/canonical.js';
import type { RunRecord } from '../src/domain/run.js';
import type { ActivityDeps } from './deps.js';

/** Writes the terminal record of a run, once: an attempt that comes late finds it written and leaves it as it is. */
export async function record({ store }: ActivityDeps, run: RunRecord): Promise<void> {
  await store.create(runKey(run.model, run.run), Buffer.from(canonicalJson(run)));
}
