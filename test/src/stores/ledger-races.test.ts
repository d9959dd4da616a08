import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMinio, type S3Server } from '../../../src/dev/minio.js';
import { StaleDecisionError, StoreUnavailableError } from '../../../src/errors.js';
import { LedgerLog, type AppendInput, type DecisionInput } from '../../../src/stores/ledger-log.js';
import type { MinioStore } from '../../../src/stores/minio-store.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import { testStore } from '../../support/s3-subject.js';

const WRITERS = 8;
const RACES = 1000;

let minio: S3Server;
let store: MinioStore;
let proxy: FaultProxy;

beforeAll(async () => {
  minio = await startMinio();
  store = testStore(minio);
  await store.ensureBucket();
  proxy = await startFaultProxy(minio.endpoint);
});

afterAll(async () => {
  await proxy.stop();
  await minio.stop();
});

const bundle = (version: number): string => String(version).repeat(64);
const register = (version: number): DecisionInput => ({ kind: 'register', bundle: bundle(version), run: 'r' });
const promote = (version: number, replaces: number): DecisionInput => ({
  kind: 'promote',
  version,
  bundle: bundle(version),
  replaces,
});
const input = (decisionId: string, decision: DecisionInput): AppendInput => ({
  decisionId,
  decision,
  actor: 'test',
  reason: 'A race.',
  evidence: {},
  now: new Date(),
});

describe('LedgerLog on MinIO', () => {
  it('lets exactly one of eight writers promote, a thousand times', { timeout: 240_000 }, async () => {
    const model = 'races';
    const writers = Array.from({ length: WRITERS }, () => new LedgerLog(store, model));
    const [first = new LedgerLog(store, model)] = writers;
    await first.append(input('register-1', register(1)));
    await first.append(input('register-2', register(2)));
    await first.append(input('promote', promote(1, 0)));
    const winners: string[] = [];
    for (let race = 0; race < RACES; race++) {
      const [from, to] = race % 2 === 0 ? [1, 2] : [2, 1];
      const results = await Promise.allSettled(
        writers.map((writer, index) => writer.append(input(`race-${race}-${index}`, promote(to, from)))),
      );
      const won = results.filter((result) => result.status === 'fulfilled');
      expect(won).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(StaleDecisionError);
      }
      winners.push(won[0]?.value.entry.decisionId ?? '');
    }
    const { entries, state } = await new LedgerLog(store, model).read();
    expect(entries.slice(3).map(({ decisionId }) => decisionId)).toEqual(winners);
    expect(state).toMatchObject({ generation: RACES + 3, champion: { version: 1 } });
    expect(await first.verify()).toEqual([]);
  });

  it('enters each decision once although answers get lost on the way', async () => {
    const model = 'faults';
    const far = testStore({ ...minio, endpoint: proxy.endpoint }, { retry: { attempts: 3, baseMs: 1, capMs: 5 } });
    proxy.rules(
      { fault: 'apply-then-drop', method: 'PUT', path: /\/ledger\//, times: Infinity, chance: 0.3 },
      { fault: 'reset', times: Infinity, chance: 0.1 },
      { fault: 'unavailable', times: Infinity, chance: 0.1 },
    );
    const each = 25;
    /** Tries a decision again, by a new log as a new process would, until it is known to be entered. */
    const persist = async (decision: AppendInput): Promise<number> => {
      for (;;) {
        try {
          return (await new LedgerLog(far, model).append(decision)).entry.generation;
        } catch (error) {
          expect(error).toBeInstanceOf(StoreUnavailableError);
        }
      }
    };
    const writer = async (name: number): Promise<[string, number][]> => {
      const entered: [string, number][] = [];
      for (let number = 0; number < each; number++) {
        const id = `writer-${name}-${number}`;
        entered.push([id, await persist(input(id, register(1)))]);
      }
      return entered;
    };
    const entered = (await Promise.all([0, 1, 2, 3].map(writer))).flat();
    expect(proxy.log.filter(({ fault }) => fault === 'apply-then-drop').length).toBeGreaterThan(10);
    proxy.rules();
    const log = new LedgerLog(store, model);
    const { entries } = await log.read();
    expect(entries).toHaveLength(4 * each);
    for (const [id, generation] of entered) expect(entries[generation - 1]?.decisionId).toBe(id);
    expect(await log.verify()).toEqual([]);
  });
});
