import type { Sha256 } from '../src/domain/artifact.js';
import { withWindow, type BackfilledWindow, type RecordedWindow } from '../src/domain/backfill.js';
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

/**
 * The windows that earlier backfills by the same spec have brought to a verdict, by the records of their runs. With
 * promotion also, marked as foreign, the newest time that a champion may have learned up to, if that is newer: by a
 * promoting backfill of any spec and range, or by the promotion of an ordinary run.
 */
export async function findBackfilled(
  { store }: ActivityDeps,
  { model, spec, promote, ends }: FindBackfilledInput,
  signal: AbortSignal,
): Promise<readonly RecordedWindow[]> {
  const wanted = new Set(ends);
  const rest = await recordedRuns(store, model);
  let found: readonly BackfilledWindow[] = [];
  let newest: RecordedWindow | undefined;
  while (rest.length > 0) {
    signal.throwIfAborted();
    const records = await Promise.all(rest.splice(0, AT_ONCE).map((run) => readRunRecord(store, model, run)));
    for (const record of records) {
      const window = windowOf(record);
      const { trigger, promote: promoted = true, evidence, outcome } = record;
      if (outcome === 'FAILED' || promoted !== promote) continue;
      const ofBackfill = trigger.kind === 'backfill';
      if (ofBackfill && wanted.has(window.asOf) && evidence.spec === spec) found = withWindow(found, window);
      else if (promote && (ofBackfill || outcome === 'PROMOTE')) newest = newer(newest, { ...window, foreign: true });
    }
  }
  return newest && found.every(({ asOf }) => asOf < newest.asOf) ? [...found, newest] : found;
}

/** A run that left nothing out has learned up to its start. */
function windowOf({ asOf, startedAt, run, outcome, summary, result }: RunRecord): BackfilledWindow {
  const version = result?.version;
  return {
    asOf: asOf ?? startedAt,
    run,
    outcome,
    ...(version !== undefined && { version }),
    summary: short(summary),
  };
}

function newer(one: RecordedWindow | undefined, other: RecordedWindow): RecordedWindow {
  return one && one.asOf > other.asOf ? one : other;
}

const AT_ONCE = 32;

/** Many windows have to fit one answer. */
function short(summary: RunRecord['summary']): string {
  return summary.slice(0, 300);
}
