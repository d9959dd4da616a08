import type { Played } from './played.js';

/** The result of a demo as `--json` prints it (`schemaVersion` is put before it). Metrics are Brier scores. */
export function demoDocument({ weeks, ledger, faults }: Played, uiUrl: string): Readonly<Record<string, unknown>> {
  return {
    temporal: { uiUrl },
    weeks: weeks.map(({ week, record, liveVersion, live, frozen }) => {
      const { result } = record;
      const difference = result?.metrics.difference?.brier;
      return {
        week,
        trigger: record.trigger.kind,
        runId: record.workflowId,
        rows: result?.rows.new ?? 0,
        verdict: record.outcome,
        reason: record.summary,
        version: result?.version ?? null,
        metrics: {
          candidate: result?.metrics.candidate.brier?.value ?? null,
          champion: result?.metrics.champion?.brier?.value ?? null,
          difference: difference?.value ?? null,
          interval: difference ? [difference.low, difference.high] : null,
        },
        liveVersion,
        served: { auc: live.auc, brier: live.brier, frozenBrier: frozen.brier },
      };
    }),
    ledger,
    faults: faults.map(({ kind, week, runId, record, happened }) => ({
      kind,
      week,
      runId,
      outcome: record.outcome,
      ...(record.failure && { code: record.failure.code }),
      happened,
    })),
  };
}
