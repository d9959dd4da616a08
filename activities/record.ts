import { runKey } from '../src/domain/artifact.js';
import { canonicalJson } from '../src/domain/canonical.js';
import type { RunRecord } from '../src/domain/run.js';
import { RunRecordTakenError } from '../src/errors.js';
import { readRunRecord } from '../src/stores/run-records.js';
import type { ActivityDeps } from './deps.js';

/**
 * Writes the terminal record of a run, once: an attempt that comes late finds it written and leaves it as it is.
 * @throws {RunRecordTakenError} when another execution has ended under this number
 */
export async function record({ store }: ActivityDeps, run: RunRecord): Promise<void> {
  const key = runKey(run.model, run.run);
  if ((await store.create(key, Buffer.from(canonicalJson(run)))) === 'created') return;
  const { executionId } = await readRunRecord(store, run.model, run.run);
  if (executionId === run.executionId) return;
  throw new RunRecordTakenError(`Cannot record run ${run.run} of "${run.model}": another execution has its number`, {
    fix: 'What the run decided is in the ledger. Keep one loop a model: do not start runs by hand.',
    details: { model: run.model, run: run.run, recorded: executionId, wanted: run.executionId },
  });
}
