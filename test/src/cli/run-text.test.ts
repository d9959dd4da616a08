import { expect, test } from 'vitest';
import { coloursFor } from '../../../src/cli/colours.js';
import { runText } from '../../../src/cli/run-text.js';
import type { RunRecord, RunResult } from '../../../src/domain/run.js';

const screen = { isTty: false, width: 80, colours: coloursFor({ isTty: false, env: {}, wanted: false }) };
const result: RunResult = {
  summary: 'The champion stays.',
  verdict: 'HOLD',
  champion: 1,
  // All rows were read again for a changed contract, and ten of them set aside.
  rows: { total: 290, new: 300, train: 200, validation: 40, test: 50 },
  rules: [],
  metrics: { candidate: {} },
  evidence: { spec: 'a'.repeat(64) },
  snapshot: { key: 'k', sha256: 'b'.repeat(64), bytes: 1 },
};
const record: RunRecord = {
  schemaVersion: 1,
  model: 'toy',
  run: 2,
  workflowId: 'perennial/toy/run/2',
  executionId: 'x',
  trigger: { kind: 'manual', by: 'ada', reason: 'another contract' },
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:01:00.000Z',
  outcome: 'HOLD',
  summary: result.summary,
  evidence: result.evidence,
  result,
};

test('rows that a run read are not called new: a changed contract has known files read again', () => {
  const text = runText(screen, record);
  expect(text).toContain('  rows       290 (train 200, validation 40, test 50); 300 read by this run\n');
  expect(text).not.toMatch(/\bnew\b/);
});
