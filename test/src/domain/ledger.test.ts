import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/domain/canonical.js';
import {
  applyDecision,
  championAt,
  emptyLedger,
  foldLedger,
  judgeEntry,
  LedgerRuleError,
  type Decision,
  type LedgerEntry,
  type LedgerState,
  type RecordedEntry,
} from '../../../src/domain/ledger.js';

const BUNDLES = ['a', 'b', 'c'].map((letter) => letter.repeat(64));

function entryAfter(state: LedgerState, decision: Decision, change: Partial<LedgerEntry> = {}): RecordedEntry {
  const generation = state.generation + 1;
  const entry: LedgerEntry = {
    schemaVersion: 1,
    model: state.model,
    generation,
    previous: state.tail,
    decisionId: `decision-${generation}`,
    decision,
    actor: 'test',
    reason: 'because',
    at: new Date(generation * 1000).toISOString(),
    evidence: {},
    ...change,
  };
  return { entry, digest: createHash('sha256').update(canonicalJson(entry)).digest('hex') };
}

/** Enters decisions one after another, each following the one before. */
function ledgerOf(...decisions: Decision[]): { entries: RecordedEntry[]; state: LedgerState } {
  const entries: RecordedEntry[] = [];
  let state = emptyLedger('churn');
  for (const decision of decisions) {
    const recorded = entryAfter(state, decision);
    entries.push(recorded);
    state = applyDecision(state, recorded);
  }
  return { entries, state };
}

const bundle = (index: number): string => BUNDLES[index % BUNDLES.length] ?? '';
const register = (version: number): Decision => ({
  kind: 'register',
  version,
  bundle: bundle(version),
  run: `r${version}`,
});
const promote = (version: number, replaces: number): Extract<Decision, { kind: 'promote' }> => ({
  kind: 'promote',
  version,
  bundle: bundle(version),
  replaces,
});
const reject = (version: number): Decision => ({ kind: 'reject', bundle: bundle(version), run: `r${version}` });

describe('foldLedger', () => {
  it('registers, promotes and retires versions', () => {
    const { state } = ledgerOf(register(1), promote(1, 0), register(2), promote(2, 1));
    expect(state.champion).toEqual({
      version: 2,
      bundle: bundle(2),
      since: '1970-01-01T00:00:04.000Z',
      generation: 4,
    });
    expect(state.versions.map(({ state: now, promotedAt }) => [now, promotedAt])).toEqual([
      ['retired', '1970-01-01T00:00:02.000Z'],
      ['champion', '1970-01-01T00:00:04.000Z'],
    ]);
  });

  it('lets a retired version come back and keeps the time of its first promotion', () => {
    const { state } = ledgerOf(register(1), promote(1, 0), register(2), promote(2, 1), promote(1, 2));
    expect(state.champion?.version).toBe(1);
    expect(state.versions[0]?.promotedAt).toBe('1970-01-01T00:00:02.000Z');
  });

  it('does not change the state that it is given', () => {
    const { state } = ledgerOf(register(1));
    const before = structuredClone(state);
    foldLedger([entryAfter(state, promote(1, 0))], state);
    expect(state).toEqual(before);
  });

  it('names the entry that breaks a rule', () => {
    const { entries } = ledgerOf(register(1), promote(1, 0));
    const wrong = [...entries.slice(0, 1), ...entries.slice(0, 1)];
    expect(() => foldLedger(wrong, emptyLedger('churn'))).toThrow(LedgerRuleError);
    expect(() => foldLedger(wrong, emptyLedger('churn'))).toThrow(
      'Cannot apply ledger entry 2: found generation 1, want 2',
    );
  });
});

describe('judgeEntry', () => {
  const judge = (state: LedgerState, decision: Decision, change?: Partial<LedgerEntry>) =>
    judgeEntry(state, entryAfter(state, decision, change).entry);

  it('wants the next generation, the digest of the entry before and the same model', () => {
    const { state } = ledgerOf(register(1));
    expect(judge(state, register(2), { generation: 3 })?.kind).toBe('chain');
    expect(judge(state, register(2), { previous: 'f'.repeat(64) })?.kind).toBe('chain');
    expect(judge(state, register(2), { previous: null })?.kind).toBe('chain');
    expect(judge(state, register(2), { model: 'other' })?.kind).toBe('chain');
    expect(judge(emptyLedger('churn'), register(1), { previous: 'f'.repeat(64) })?.kind).toBe('chain');
  });

  it('takes a decision id once', () => {
    const { state } = ledgerOf(register(1));
    expect(judge(state, register(2), { decisionId: 'decision-1' })).toEqual({
      kind: 'repeated',
      message: 'decision "decision-1" was entered at generation 1 already',
    });
  });

  it('counts versions without gaps', () => {
    const { state } = ledgerOf(register(1));
    expect(judge(state, register(1))?.kind).toBe('forbidden');
    expect(judge(state, register(3))?.kind).toBe('forbidden');
    expect(judge(state, register(2))).toBeUndefined();
  });

  it('promotes only a registered version with its own bundle', () => {
    const { state } = ledgerOf(register(1));
    expect(judge(state, promote(2, 0))?.message).toBe('it promotes version 2, registered are 1 versions');
    expect(judge(state, { ...promote(1, 0), bundle: bundle(2) })?.kind).toBe('forbidden');
    expect(judge(state, { ...promote(1, 0), version: 0 })?.kind).toBe('forbidden');
  });

  it('calls a promotion stale that was decided against another champion', () => {
    const { state } = ledgerOf(register(1), promote(1, 0), register(2));
    expect(judge(state, promote(2, 0))).toEqual({
      kind: 'stale',
      message: 'it was decided when the champion was none, the champion is version 1 now',
    });
    expect(judge(state, promote(2, 2))?.kind).toBe('stale');
    expect(judge(state, promote(2, 1))).toBeUndefined();
  });

  it('refuses to promote the champion itself and what was rejected', () => {
    const { state } = ledgerOf(register(1), promote(1, 0), register(2), reject(2));
    expect(judge(state, promote(1, 1))?.message).toBe('version 1 is the champion already');
    expect(judge(state, promote(2, 1))?.message).toBe('version 2 was rejected');
    expect(judge(state, reject(1))?.message).toBe('it rejects version 1, which is the champion now');
  });

  it('takes a rejection of the bundle of the champion from another run', () => {
    const { state } = ledgerOf(register(1), promote(1, 0));
    const again: Decision = { kind: 'reject', bundle: bundle(1), run: 'a later run with the same result' };
    expect(judge(state, again)).toBeUndefined();
    expect(applyDecision(state, entryAfter(state, again)).champion?.version).toBe(1);
  });
});

describe('championAt', () => {
  it('answers for any time', () => {
    const { entries } = ledgerOf(register(1), promote(1, 0), register(2), promote(2, 1));
    const at = (time: string | number) =>
      championAt(
        entries.map(({ entry }) => entry),
        time,
      )?.version;
    expect(at(1999)).toBeUndefined();
    expect(at('1970-01-01T00:00:02.000Z')).toBe(1);
    expect(at(3999)).toBe(1);
    expect(at(4000)).toBe(2);
    expect(() => at('soon')).toThrow(RangeError);
  });

  it('does not let a slow clock put a decision before the one it follows', () => {
    let state = emptyLedger('churn');
    const entries = (
      [
        [register(1), 1000],
        [promote(1, 0), 9000],
        [register(2), 9500],
        [promote(2, 1), 5000],
      ] as const
    ).map(([decision, at]) => {
      const recorded = entryAfter(state, decision, { at: new Date(at).toISOString() });
      state = applyDecision(state, recorded);
      return recorded.entry;
    });
    expect(championAt(entries, 6000)).toBeUndefined();
    expect(championAt(entries, 9100)?.version).toBe(1);
    expect(championAt(entries, 9500)?.version).toBe(2);
  });
});

/** What a ledger must say, kept as simply as can be. */
interface Model {
  registered: { version: number; run: string; rejected: boolean; everChampion: boolean }[];
  champion: number;
}

/** Any decision, most of them nearly right. */
const anyDecision = fc.oneof(
  fc.record({ kind: fc.constant('register' as const), offset: fc.integer({ min: -1, max: 1 }) }),
  fc.record({ kind: fc.constant('reject' as const), version: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    kind: fc.constant('promote' as const),
    version: fc.integer({ min: 0, max: 6 }),
    replaces: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined, freq: 4 }),
    otherBundle: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
  }),
);

describe('ledger, against a model of it', () => {
  it('accepts what the rules allow, refuses the rest, and agrees with the model after every step', () => {
    fc.assert(
      fc.property(fc.array(anyDecision, { maxLength: 40 }), (steps) => {
        const model: Model = { registered: [], champion: 0 };
        const entries: RecordedEntry[] = [];
        let state = emptyLedger('churn');
        for (const step of steps) {
          const { decision, allowed, apply } = expected(model, step);
          const recorded = entryAfter(state, decision);
          expect(judgeEntry(state, recorded.entry) === undefined).toBe(allowed);
          if (!allowed) {
            expect(() => applyDecision(state, recorded)).toThrow(LedgerRuleError);
            continue;
          }
          state = applyDecision(state, recorded);
          entries.push(recorded);
          apply();
          expect(state.champion?.version ?? 0).toBe(model.champion);
          expect(state.versions.map(({ run, state: now, promotedAt }) => [run, now, promotedAt !== undefined])).toEqual(
            model.registered.map((one) => [one.run, stateOf(model, one), one.everChampion]),
          );
          expect(state.versions.filter((version) => version.state === 'champion').length).toBe(state.champion ? 1 : 0);
        }
        expect(foldLedger(entries, emptyLedger('churn'))).toEqual(state);
        expect(state.decisions.size).toBe(entries.length);
        expect(state.generation).toBe(entries.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds an entry that was changed, dropped, doubled or moved', () => {
    const chain = ledgerOf(register(1), promote(1, 0), register(2), reject(2), register(3), promote(3, 1)).entries;
    const folds = (entries: RecordedEntry[]): boolean => {
      try {
        return foldLedger(entries, emptyLedger('churn')).generation === chain.length;
      } catch (error) {
        expect(error).toBeInstanceOf(LedgerRuleError);
        return false;
      }
    };
    expect(folds(chain)).toBe(true);
    fc.assert(
      fc.property(fc.nat(chain.length - 2), fc.nat(chain.length - 1), (index, other) => {
        const one = chain[index] as RecordedEntry;
        const changed = { ...one.entry, reason: 'another' };
        const forged = { entry: changed, digest: createHash('sha256').update(canonicalJson(changed)).digest('hex') };
        expect(folds(chain.with(index, forged))).toBe(false);
        expect(folds(chain.toSpliced(index, 1))).toBe(false);
        expect(folds(chain.toSpliced(index, 0, one))).toBe(false);
        if (index !== other) expect(folds(chain.with(index, chain[other] as RecordedEntry))).toBe(false);
      }),
    );
  });
});

type Step = typeof anyDecision extends fc.Arbitrary<infer T> ? T : never;

function expected(model: Model, step: Step): { decision: Decision; allowed: boolean; apply: () => void } {
  switch (step.kind) {
    case 'register': {
      const version = model.registered.length + 1 + step.offset;
      return {
        decision: register(version),
        allowed: step.offset === 0,
        apply: () => model.registered.push({ version, run: `r${version}`, rejected: false, everChampion: false }),
      };
    }
    case 'reject': {
      const found = model.registered[step.version - 1];
      return {
        decision: reject(step.version),
        allowed: model.champion !== step.version,
        apply: () => {
          if (found) found.rejected = true;
        },
      };
    }
    case 'promote': {
      const found = model.registered[step.version - 1];
      const replaces = step.replaces ?? model.champion;
      const right = promote(step.version, replaces);
      return {
        decision: step.otherBundle ? { ...right, bundle: 'f'.repeat(64) } : right,
        allowed:
          found !== undefined &&
          !step.otherBundle &&
          !found.rejected &&
          replaces === model.champion &&
          step.version !== model.champion,
        apply: () => {
          model.champion = step.version;
          if (found) found.everChampion = true;
        },
      };
    }
  }
}

function stateOf(model: Model, one: Model['registered'][number]): string {
  if (one.version === model.champion) return 'champion';
  if (one.rejected) return 'rejected';
  return one.everChampion ? 'retired' : 'registered';
}
