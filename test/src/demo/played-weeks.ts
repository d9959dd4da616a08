import type { RunRecord } from '../../../src/domain/run.js';
import type { PlayedWeek } from '../../../src/demo/played.js';
import { monday } from '../../../src/demo/weeks.js';

export interface WeekFacts {
  readonly run: number;
  readonly champion: number;
  readonly live?: number;
  readonly frozen?: number;
  readonly newest?: number;
  readonly record?: Partial<RunRecord>;
}

/** A played week as a run would leave it; Brier scores can be given. */
export function playedWeek({
  run,
  champion,
  live = 0.1,
  frozen = 0.1,
  newest = 0.1,
  record = {},
}: WeekFacts): PlayedWeek {
  const week = run + 2;
  const estimate = (value: number) => ({ value, low: value - 0.001, high: value + 0.001 });
  return {
    week: monday(week),
    served: monday(week + 1),
    liveVersion: champion,
    versions: [String(champion)],
    asked: 1000,
    live: { auc: 0.85, brier: live },
    frozen: { auc: 0.84, brier: frozen },
    newest: { auc: 0.85, brier: newest },
    seconds: 9,
    record: {
      schemaVersion: 1,
      model: 'late-flights',
      run,
      workflowId: `perennial/late-flights/run/${run}`,
      executionId: `execution-${run}`,
      trigger: { kind: 'schedule', by: 'perennial/late-flights/schedule', reason: 'the schedule says so' },
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:09.000Z',
      outcome: champion === run ? 'PROMOTE' : 'HOLD',
      summary: 'It ended.',
      evidence: { spec: 'a'.repeat(64), bundle: 'b'.repeat(64) },
      result: {
        summary: 'It ended.',
        verdict: champion === run ? 'PROMOTE' : 'HOLD',
        version: run,
        champion,
        rows: { total: run * 1000, new: 1000, train: 500, validation: 100, test: 400 },
        rules: [{ rule: 'champion', outcome: 'pass', reason: 'It is better.' }],
        metrics: {
          candidate: { brier: estimate(0.1) },
          ...(run > 1 && { champion: { brier: estimate(0.11) }, difference: { brier: estimate(-0.01) } }),
        },
        evidence: { spec: 'a'.repeat(64) },
        snapshot: { key: 'manifests/snapshot/x.json', sha256: 'c'.repeat(64), bytes: 1 },
      },
      ...record,
    },
  };
}
