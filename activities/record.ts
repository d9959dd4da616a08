import { runKey } from '../src/domain/artifact.js';
import { canonicalJson } from '../src/domain/canonical.js';
import { runCost } from '../src/domain/cost.js';
import type { ModelBundle } from '../src/domain/model.js';
import type { RunRecord } from '../src/domain/run.js';
import { RunRecordTakenError } from '../src/errors.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { readManifestOf } from '../src/stores/blobs.js';
import { unlessDamaged } from '../src/stores/find-damage.js';
import { readRunRecord } from '../src/stores/run-records.js';
import type { ArtifactStore } from '../src/stores/store.js';
import type { ActivityDeps } from './deps.js';

/**
 * Writes the terminal record of a run, with what it cost and how it trained, once: an attempt that comes late finds it
 * written and leaves it as it is.
 *
 * @throws {RunRecordTakenError} when another execution has ended under this number
 */
export async function record({ store, remembered }: ActivityDeps, facts: RunRecord): Promise<void> {
  const [cost, training] = await Promise.all([costOfRun(remembered, facts), trainingOfRun(remembered, facts)]);
  const run = { ...facts, ...cost, ...training };
  const key = runKey(run.model, run.run);
  if ((await store.create(key, Buffer.from(canonicalJson(run)))) === 'created') return;
  const { executionId } = await readRunRecord(store, run.model, run.run);
  if (executionId === run.executionId) return;
  throw new RunRecordTakenError(`Cannot record run ${run.run} of "${run.model}": another execution has its number`, {
    fix: 'What the run decided is in the ledger. Keep one loop a model: do not start runs by hand.',
    details: { model: run.model, run: run.run, recorded: executionId, wanted: run.executionId },
  });
}

/** A run whose spec or bundle was lost meanwhile leaves its record all the same. */
async function costOfRun(store: ArtifactStore, { steps, evidence }: RunRecord): Promise<Pick<RunRecord, 'cost'>> {
  if (!steps) return {};
  const stored = await unlessDamaged(store, readManifestOf<StoredSpec>(store, 'spec', evidence.spec));
  const cost = stored && runCost(steps, stored.spec.cost);
  return cost ? { cost } : {};
}

async function trainingOfRun(store: ArtifactStore, { evidence }: RunRecord): Promise<Pick<RunRecord, 'training'>> {
  if (evidence.bundle === undefined) return {};
  const bundle = await unlessDamaged(store, readManifestOf<ModelBundle>(store, 'bundle', evidence.bundle));
  return bundle ? { training: bundle.trainer } : {};
}
