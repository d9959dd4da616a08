import { expect, test } from 'vitest';
import { checkClaims, type ClaimFacts } from '../../../src/demo/claims.js';
import type { PlayedFault } from '../../../src/demo/played.js';
import type { LedgerEntry } from '../../../src/domain/ledger.js';
import { playedWeek } from './played-weeks.js';

const RUN_ID = 'perennial/late-flights/run';
const RECORD = playedWeek({ run: 4, champion: 1 }).record;

test('claims, hold when everything happened', () => {
  expect(checkClaims(facts()).filter(({ holds }) => !holds)).toEqual([]);
});

const BROKEN: readonly [string, RegExp, (facts: ClaimFacts) => Partial<ClaimFacts>][] = [
  [
    'a run failed',
    /ended with a verdict/,
    ({ weeks }) => ({ weeks: [playedWeek({ run: 1, champion: 1, record: { outcome: 'FAILED' } }), ...weeks.slice(1)] }),
  ],
  [
    'a run was asked for by hand',
    /ended with a verdict/,
    ({ weeks }) => ({
      weeks: [
        ...weeks.slice(0, -1),
        playedWeek({ run: 2, champion: 2, record: { trigger: { kind: 'manual', by: 'me', reason: 'I say so' } } }),
      ],
    }),
  ],
  [
    'rows were read twice',
    /only the files that were new/,
    ({ weeks }) => ({ weeks: [weeks[0]!, playedWeek({ run: 3, champion: 2 })] }),
  ],
  [
    'two versions answered',
    /one version/,
    ({ weeks }) => ({ weeks: weeks.map((week) => ({ ...week, versions: ['1', '2'] })) }),
  ],
  ['the owner was not named', /naming the column and its owner/, () => ({ owner: 'somebody else' })],
  [
    'the shuffled candidate was held',
    /shuffled labels was refused/,
    ({ faults }) => ({
      faults: faults.map((fault) => ({ ...fault, record: { ...fault.record, outcome: 'HOLD' as const } })),
    }),
  ],
  ['the training was never started again', /killed with -9/, () => ({ attempts: new Map([[`${RUN_ID}/2`, 1]]) })],
  [
    'the ledger is broken',
    /ledger is whole/,
    () => ({ broken: [{ key: 'ledger/late-flights/000000000001.json', kind: 'chain', message: 'broken' }] }),
  ],
  ['another version is champion', /last version that was promoted/, () => ({ champion: 1 })],
];

test.each(BROKEN)('claims, do not hold when %s', (_what, claim, change) => {
  const broken = checkClaims({ ...facts(), ...change(facts()) }).filter(({ holds }) => !holds);
  expect(broken.some((each) => claim.test(each.claim))).toBe(true);
});

function facts(): ClaimFacts {
  const weeks = [playedWeek({ run: 1, champion: 1 }), playedWeek({ run: 2, champion: 2 })];
  const second = weeks[1]!.record;
  return {
    weeks,
    faults: [
      fault('missing-column', 3, {
        outcome: 'FAILED',
        failure: {
          stage: 'validate',
          code: 'DATA.CONTRACT',
          message: 'column "distance": not found. data team must act',
        },
      }),
      fault('shuffled-labels', 4, {
        outcome: 'REJECT',
        result: { ...RECORD.result!, rules: [{ rule: 'skill', outcome: 'fail', reason: 'No skill.' }] },
      }),
      { kind: 'worker-killed', week: weeks[1]!.week, runId: second.workflowId, record: second, happened: '' },
    ],
    ledger: [
      entry(1, 1, { kind: 'register', version: 1, bundle: '', run: '' }),
      entry(2, 1, { kind: 'promote', version: 1, bundle: '', replaces: 0 }),
      entry(3, 2, { kind: 'register', version: 2, bundle: '', run: '' }),
      entry(4, 2, { kind: 'promote', version: 2, bundle: '', replaces: 1 }),
      entry(5, 4, { kind: 'reject', bundle: '', run: '' }),
    ],
    attempts: new Map([[second.workflowId, 2]]),
    broken: [],
    champion: 2,
    owner: 'data team',
  };
}

function fault(kind: PlayedFault['kind'], run: number, record: Partial<PlayedFault['record']>): PlayedFault {
  const { result: _result, ...rest } = RECORD;
  const workflowId = `${RUN_ID}/${run}`;
  return { kind, week: '2001-01-29', runId: workflowId, happened: '', record: { ...rest, run, workflowId, ...record } };
}

function entry(generation: number, run: number, decision: LedgerEntry['decision']): LedgerEntry {
  const actor = `${RUN_ID}/${run}`;
  const decisionId = `${actor}/execution/${decision.kind}`;
  return {
    schemaVersion: 1,
    model: 'late-flights',
    generation,
    previous: null,
    decisionId,
    decision,
    actor,
    reason: '',
    at: '',
    evidence: {},
  };
}
