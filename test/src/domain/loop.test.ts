import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  arbitrate,
  finishCurrent,
  newLoop,
  REMEMBERED_ANSWERS,
  startQueued,
  type LoopState,
} from '../../../src/domain/loop.js';
import type { RunPlan } from '../../../src/domain/run.js';
import type { TrainingRequest } from '../../../src/domain/trigger.js';

const plan: RunPlan = {
  spec: { key: 'manifests/spec/x.json', sha256: 'a'.repeat(64), bytes: 1 },
  objective: 'Know it',
  owners: { data: 'd', model: 'm', business: 'b' },
  trainTimeoutMs: 1000,
  rolloutTimeoutMs: 1000,
  cooldownMs: 60_000,
};
const byHand: TrainingRequest = { trigger: { kind: 'manual', by: 'ann', reason: 'why not' } };
const bySchedule: TrainingRequest = { trigger: { kind: 'schedule', by: 's', reason: 'time' }, replyTo: 'waiter' };
const fresh = () => newLoop('m', plan);

describe('arbitrate', () => {
  it('starts a run when nothing is under way', () => {
    const { answer, state } = arbitrate(fresh(), 'r1', byHand, 0);
    expect(answer).toMatchObject({ outcome: 'started', run: 1 });
    expect(state.queued?.run).toBe(1);
  });

  it('gives a repeated request the same answer and changes nothing', () => {
    const first = arbitrate(fresh(), 'r1', byHand, 0);
    const again = arbitrate(first.state, 'r1', bySchedule, 99);
    expect(again.answer).toBe(first.answer);
    expect(again.state).toBe(first.state);
  });

  it('queues one run behind the one under way and coalesces the next with all who wait', () => {
    const busy = startQueued(arbitrate(fresh(), 'r1', byHand, 0).state, 0);
    const second = arbitrate(busy, 'r2', byHand, 1);
    expect(second.answer).toMatchObject({ outcome: 'queued', run: 2 });
    const third = arbitrate(second.state, 'r3', bySchedule, 2);
    expect(third.answer).toMatchObject({ outcome: 'coalesced', run: 2 });
    expect(third.state.queued?.replyTo).toEqual(['waiter']);
  });

  it('refuses to coalesce a request with other parameters', () => {
    const busy = startQueued(arbitrate(fresh(), 'r1', byHand, 0).state, 0);
    const second = arbitrate(busy, 'r2', byHand, 1);
    const other = arbitrate(second.state, 'r3', { ...byHand, parameters: { depth: 3 } }, 2);
    expect(other.answer).toMatchObject({ outcome: 'refused', reason: 'busy' });
    expect(other.answer.message).toBe('Run 2 waits already and differs in parameters: ask again when it has started');
    const rows = { ...byHand, asOf: '2025-01-06T00:00:00.000Z', cache: false };
    expect(arbitrate(second.state, 'r4', rows, 2).answer.message).toContain('differs in asOf, cache:');
  });

  it('refuses automatic triggers while paused and during the cooldown, but not a person', () => {
    const paused = { ...fresh(), paused: true };
    expect(arbitrate(paused, 'r1', bySchedule, 0).answer).toMatchObject({ outcome: 'refused', reason: 'paused' });
    expect(arbitrate(paused, 'r1', byHand, 0).answer).toMatchObject({ outcome: 'started' });

    const ended = finishCurrent(startQueued(arbitrate(fresh(), 'r1', byHand, 0).state, 0), {
      summary: '',
      run: 1,
      outcome: 'HOLD',
    });
    expect(arbitrate(ended, 'r2', bySchedule, 59_999).answer).toMatchObject({ outcome: 'refused', reason: 'cooldown' });
    expect(arbitrate(ended, 'r2', bySchedule, 60_000).answer).toMatchObject({ outcome: 'started', run: 2 });
    expect(arbitrate(ended, 'r2', byHand, 1).answer).toMatchObject({ outcome: 'started', run: 2 });
  });

  it('takes other rows, no promotion and no cache for other wishes, and their defaults for the same', () => {
    const busy = startQueued(arbitrate(fresh(), 'r1', byHand, 0).state, 0);
    const { state } = arbitrate(busy, 'r2', byHand, 1);
    const answer = (change: Partial<TrainingRequest>) => arbitrate(state, 'r3', { ...byHand, ...change }, 2).answer;
    for (const change of [{ asOf: '2025-01-06T00:00:00.000Z' }, { promote: false }, { cache: false }]) {
      expect(answer(change)).toMatchObject({ outcome: 'refused', reason: 'busy' });
    }
    expect(answer({ promote: true, cache: true, parameters: {} })).toMatchObject({ outcome: 'coalesced', run: 2 });
  });

  it('refuses a request that is about another spec', () => {
    const about = (spec: string) => arbitrate(fresh(), 'r1', { ...byHand, spec }, 0).answer;
    expect(about('b'.repeat(64))).toMatchObject({ outcome: 'refused', reason: 'changed' });
    expect(about('a'.repeat(64))).toMatchObject({ outcome: 'started' });
  });

  it('keeps its promises over any order of requests, starts and ends', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('ask' as const),
        id: fc.nat(30),
        kind: fc.constantFrom('manual' as const, 'schedule' as const, 'backfill' as const),
        depth: fc.nat(1),
      }),
      fc.record({ do: fc.constantFrom('start' as const, 'finish' as const, 'pause' as const, 'resume' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let state: LoopState = fresh();
        const answers = new Map<string, unknown>();
        const runs: number[] = [];
        steps.forEach((step, now) => {
          if (step.do === 'ask') {
            const trigger = { kind: step.kind, by: 'x', reason: 'any' };
            const request = { trigger, parameters: { depth: step.depth }, replyTo: 'waiter' };
            const { answer, state: next } = arbitrate(state, `r${step.id}`, request, now * 10_000);
            if (answers.has(`r${step.id}`)) expect(answer).toEqual(answers.get(`r${step.id}`));
            answers.set(`r${step.id}`, answer);
            state = next;
          } else if (step.do === 'start') {
            const started = startQueued(state, now * 10_000);
            if (started !== state) runs.push(started.current!.run);
            state = started;
          } else if (step.do === 'finish' && state.current) {
            state = finishCurrent(state, { summary: '', run: state.current.run, outcome: 'HOLD' });
          } else state = { ...state, paused: step.do === 'pause' };
          // A backfill never stands in anybody's way: nothing of it waits behind a run.
          if (state.current) expect(state.queued?.request.trigger.kind).not.toBe('backfill');
          expect(state.answers.length).toBeLessThanOrEqual(REMEMBERED_ANSWERS);
        });
        // Runs are numbered without gaps, each started once.
        expect(runs).toEqual(runs.map((_, index) => index + 1));
      }),
    );
  });
});

describe('a backfill at the loop', () => {
  const ofWindow = (asOf: string, replyTo = 'perennial/m/backfill'): TrainingRequest => ({
    trigger: { kind: 'backfill', by: 'ann', reason: 'the past' },
    asOf,
    promote: false,
    replyTo,
  });
  const started = (request: TrainingRequest) => startQueued(arbitrate(fresh(), 'r1', request, 0).state, 0);

  it('gets a run when nothing is under way, and gives way to whatever is', () => {
    expect(arbitrate(fresh(), 'r1', ofWindow('1'), 0).answer).toMatchObject({ outcome: 'started', run: 1 });
    expect(arbitrate(started(byHand), 'r2', ofWindow('1'), 1).answer).toMatchObject({
      outcome: 'refused',
      reason: 'busy',
      message: 'Run 1 comes first: ask again when nothing is under way',
    });
    const two = arbitrate(started(byHand), 'r2', byHand, 1).state;
    expect(arbitrate(two, 'r3', ofWindow('1'), 2).answer).toMatchObject({ reason: 'busy' });
  });

  it('lets people and schedules queue behind its run', () => {
    const busy = started(ofWindow('1'));
    expect(arbitrate(busy, 'r2', byHand, 1).answer).toMatchObject({ outcome: 'queued', run: 2 });
    expect(arbitrate(busy, 'r2', bySchedule, 1).answer).toMatchObject({ outcome: 'queued', run: 2 });
  });

  it('waits while the loop is paused, and neither obeys the cooldown nor starts one', () => {
    expect(arbitrate({ ...fresh(), paused: true }, 'r1', ofWindow('1'), 0).answer).toMatchObject({ reason: 'paused' });
    const ended = finishCurrent(started(byHand), { summary: '', run: 1, outcome: 'HOLD' });
    const next = arbitrate(ended, 'r2', ofWindow('1'), 1);
    expect(next.answer).toMatchObject({ outcome: 'started', run: 2 });
    expect(startQueued(next.state, 59_999).lastStartMs).toBe(0);
  });

  it('finds the run that it had asked for before it was ended, and is told once', () => {
    const busy = started(ofWindow('1'));
    const again = arbitrate(busy, 'r2', ofWindow('1'), 1);
    expect(again.answer).toMatchObject({ outcome: 'coalesced', run: 1 });
    expect(again.state.current?.replyTo).toEqual(['perennial/m/backfill']);
    expect(arbitrate(busy, 'r3', ofWindow('1', 'other'), 1).state.current?.replyTo).toHaveLength(2);
    expect(arbitrate(busy, 'r4', ofWindow('2'), 1).answer).toMatchObject({ reason: 'busy' });
    expect(arbitrate(busy, 'r5', { ...ofWindow('1'), promote: true }, 1).answer).toMatchObject({ reason: 'busy' });
  });

  it('does not take a run by another spec for its own', () => {
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
    const busy = started({ ...ofWindow('1'), spec: a });
    expect(arbitrate(busy, 'r2', { ...ofWindow('1'), spec: a }, 1).answer).toMatchObject({ outcome: 'coalesced' });
    expect(arbitrate(busy, 'r3', ofWindow('1'), 1).answer).toMatchObject({ outcome: 'coalesced' });
    const applied = { ...busy, plan: { ...plan, spec: { ...plan.spec, sha256: b } } };
    for (const request of [{ ...ofWindow('1'), spec: b }, ofWindow('1')]) {
      expect(arbitrate(applied, 'r4', request, 1).answer).toMatchObject({ reason: 'busy' });
    }
  });
});
