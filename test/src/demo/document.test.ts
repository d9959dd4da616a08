import { expect, test } from 'vitest';
import { demoDocument } from '../../../src/demo/document.js';
import { demoReport } from '../../../src/demo/report.js';
import { playedWeek } from './played-weeks.js';

const WEEKS = [playedWeek({ run: 1, champion: 1 }), playedWeek({ run: 2, champion: 2, live: 0.1, frozen: 0.12 })];
const PLAYED = { weeks: WEEKS, faults: [], ledger: [], claims: [{ claim: 'It was so', holds: true }], seconds: 20 };

test('the document of a demo, has a member for everything that was promised', () => {
  const document = demoDocument(PLAYED, 'http://127.0.0.1:1');
  expect(Object.keys(document)).toEqual(['temporal', 'weeks', 'ledger', 'faults']);
  expect((document['weeks'] as unknown[])[1]).toEqual({
    week: '2001-01-22',
    trigger: 'schedule',
    runId: 'perennial/late-flights/run/2',
    rows: 1000,
    verdict: 'PROMOTE',
    reason: 'It ended.',
    version: 2,
    metrics: { candidate: 0.1, champion: 0.11, difference: -0.01, interval: [-0.011, expect.closeTo(-0.009)] },
    liveVersion: 2,
    served: { auc: 0.85, brier: 0.1, frozenBrier: 0.12 },
  });
});

test('the document of a demo, has null where there was no champion to compare with', () => {
  const [first] = demoDocument(PLAYED, '')['weeks'] as { metrics: object }[];
  expect(first?.metrics).toEqual({ candidate: 0.1, champion: null, difference: null, interval: null });
});

test('the report of a demo, ends with a failure when a claim did not hold', () => {
  const claims = [{ claim: 'The gate refused it', holds: false }];
  const options = { files: ['quality.png'] };
  expect(demoReport({ ...PLAYED, claims }, options)).toMatch(
    /NO {3}The gate refused it\.[^]*1 of 1 claims did not hold/,
  );
  expect(demoReport(PLAYED, options)).not.toContain('did not hold');
});

test('the report of a demo, names the Temporal UI only where it is still there', () => {
  expect(demoReport(PLAYED, { files: [] })).not.toContain('Temporal UI');
  expect(demoReport(PLAYED, { files: [], uiUrl: 'http://127.0.0.1:1' })).toContain('Temporal UI: http://127.0.0.1:1');
});
