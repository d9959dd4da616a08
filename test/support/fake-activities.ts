import type { Activities } from '../../activities/index.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { RunPlan } from '../../src/domain/run.js';

/** A reference whose digest repeats one hex digit: easy to tell apart in a failing test. */
export function fakeRef(digit: string): Ref {
  return { key: `manifests/fake/${digit}.json`, sha256: digit.repeat(64), bytes: 1 };
}

export const fakePlan: RunPlan = {
  spec: fakeRef('a'),
  objective: 'Know what comes',
  owners: { data: 'dora', model: 'mo', business: 'bea' },
  trainTimeoutMs: 60_000,
  rolloutTimeoutMs: 5_000,
  cooldownMs: 0,
};

const estimate = { value: 0.8, low: 0.7, high: 0.9 };

/** Activities that do nothing and succeed: a first candidate that is promoted. Override what a test is about. */
export function fakeActivities(overrides: Partial<Activities> = {}): Activities {
  return {
    'perennial.ingest': async () => ({
      snapshot: fakeRef('b'),
      changes: fakeRef('8'),
      rows: 1000,
      newRows: 100,
      message: '100 new rows',
    }),
    'perennial.validate': async ({ snapshot }) => ({ snapshot, report: fakeRef('c'), rows: 1000, message: 'kept' }),
    'perennial.split': async () => ({
      cache: 'miss',
      split: fakeRef('d'),
      rows: { train: 800, validation: 50, test: 100 },
      message: 'split',
    }),
    'perennial.openSearch': async () => ({ cache: 'miss', search: fakeRef('1'), message: 'random over depth' }),
    'perennial.runTrials': async ({ trials: { from, count } }) => ({
      chunk: fakeRef('2'),
      counts: { complete: count, pruned: 0, failed: 0 },
      best: { number: from, value: 0.1, parameters: { depth: 3 } },
      seconds: count,
      money: 0,
      message: `${count} trials`,
    }),
    'perennial.closeSearch': async () => ({
      study: fakeRef('3'),
      best: { number: 0, value: 0.1, parameters: { depth: 3 } },
      message: 'closed',
    }),
    'perennial.train': async () => ({ cache: 'miss', bundle: fakeRef('e'), message: 'trained' }),
    'perennial.evaluate': async () => ({
      cache: 'miss',
      evaluation: fakeRef('f'),
      champion: 0,
      metrics: { candidate: { auc: estimate } },
      message: 'auc 0.8',
    }),
    'perennial.judge': async () => ({ verdict: 'PROMOTE', reason: 'It is good.', rules: [] }),
    'perennial.register': async ({ verdict }) =>
      verdict === 'REJECT' ? { generation: 1 } : { generation: 1, version: 1 },
    'perennial.promote': async () => ({ generation: 2 }),
    'perennial.deploy': async () => ({ servers: ['http://127.0.0.1:1'] }),
    'perennial.record': async () => {},
    'perennial.findOutcome': async () => undefined,
    'perennial.findBackfilled': async () => [],
    'perennial.askForTraining': async () => ({ message: 'Started run 1', outcome: 'started', run: 1 }),
    'perennial.watchWorkers': async () => ({}),
    ...overrides,
  };
}
