import type { Sha256 } from '../src/domain/artifact.js';
import { withWindow, type BackfilledWindow } from '../src/domain/backfill.js';
import type { RunRecord } from '../src/domain/run.js';
import { readRunRecord, recordedRuns } from '../src/stores/run-records.js';
import type { ActivityDeps } from './deps.js';

export interface FindBackfilledInput {
  readonly model: string;
  /** Digest of the stored spec: what was learned by another one counts for nothing here. */
  readonly spec: Sha256;
  readonly promote: boolean;
  /** Ends of the windows that are asked about. */
  readonly ends: readonly string[];
}

/** The windows that earlier backfills by the same spec have brought to a verdict, by the records of their runs. */
export async function findBackfilled(
  { store }: ActivityDeps,
  { model, spec, promote, ends }: FindBackfilledInput,
  signal: AbortSignal,
): Promise<readonly BackfilledWindow[]> {
  const wanted = new Set(ends);
  const rest = await recordedRuns(store, model);
  let found: readonly BackfilledWindow[] = [];
  while (rest.length > 0) {
    signal.throwIfAborted();
    const records = await Promise.all(rest.splice(0, AT_ONCE).map((run) => readRunRecord(store, model, run)));
    for (const { trigger, asOf = '', promote: promoted = true, evidence, run, outcome, summary, result } of records) {
      const same = trigger.kind === 'backfill' && wanted.has(asOf) && promoted === promote && evidence.spec === spec;
      if (!same || outcome === 'FAILED') continue;
      const version = result?.version;
      found = withWindow(found, {
        asOf,
        run,
        outcome,
        ...(version !== undefined && { version }),
        summary: short(summary),
      });
    }
  }
  return found;
}

const AT_ONCE = 32;

/** Many windows have to fit one answer. */
function short(summary: RunRecord['summary']): string {
  return summary.slice(0, 300);
}
