import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerKey } from '../../../src/domain/artifact.js';
import {
  ArtifactCorruptError,
  DecisionRefusedError,
  LedgerBrokenError,
  StaleDecisionError,
  StoreUnavailableError,
} from '../../../src/errors.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { ForwardingStore } from '../../../src/stores/forwarding-store.js';
import { LedgerLog, type AppendInput, type DecisionInput } from '../../../src/stores/ledger-log.js';
import type { ArtifactStore, Body, CallOptions } from '../../../src/stores/store.js';

const MODEL = 'churn';
const bundle = (version: number): string => String(version).repeat(64).slice(0, 64);
const register = (version: number): DecisionInput => ({
  kind: 'register',
  bundle: bundle(version),
  run: `r${version}`,
});
const promote = (version: number, replaces: number): DecisionInput => ({
  kind: 'promote',
  version,
  bundle: bundle(version),
  replaces,
});

function input(decisionId: string, decision: DecisionInput): AppendInput {
  return {
    decisionId,
    decision,
    actor: 'test',
    reason: 'Because.',
    evidence: { split: 'e'.repeat(64) },
    now: new Date('2026-01-02T03:04:05.678Z'),
  };
}

let folder: string;
let store: FolderStore;
let log: LedgerLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  store = new FolderStore(folder);
  log = new LedgerLog(store, MODEL);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Registers and promotes version 1, registers version 2. */
async function begin(): Promise<void> {
  await log.append(input('register-1', register(1)));
  await log.append(input('promote-1', promote(1, 0)));
  await log.append(input('register-2', register(2)));
}

const fresh = (): LedgerLog => new LedgerLog(store, MODEL);
const file = (generation: number): string => join(folder, ledgerKey(MODEL, generation));

describe('LedgerLog.read', () => {
  it('finds an empty ledger empty', async () => {
    expect((await log.read()).state.generation).toBe(0);
    expect(await log.verify()).toEqual([]);
  });

  it('gives entries and state, each entry naming the digest of the one before', async () => {
    await begin();
    const { entries, state } = await fresh().read();
    expect(entries.map((entry) => entry.decisionId)).toEqual(['register-1', 'promote-1', 'register-2']);
    expect(entries[0]?.previous).toBeNull();
    expect(entries[2]).toMatchObject({
      generation: 3,
      decision: { kind: 'register', version: 2 },
      at: '2026-01-02T03:04:05.678Z',
      evidence: { split: 'e'.repeat(64) },
    });
    expect(state.champion).toMatchObject({ version: 1, bundle: bundle(1), generation: 2 });
    expect(await log.read()).toEqual(await fresh().read());
  });

  it('asks only for what is new once it has read a ledger', async () => {
    await begin();
    const asked: string[] = [];
    const counting = new (class extends ForwardingStore {
      override read(...call: Parameters<ArtifactStore['read']>): Promise<Buffer> {
        asked.push(call[0]);
        return super.read(...call);
      }
    })(store);
    const reader = new LedgerLog(counting, MODEL);
    await reader.read();
    await log.append(input('promote-2', promote(2, 1)));
    asked.length = 0;
    expect((await reader.read()).state.champion?.version).toBe(2);
    expect(asked).toEqual([ledgerKey(MODEL, 4), ledgerKey(MODEL, 5)]);
  });

  it('gives the same answer to readings at the same time', async () => {
    await begin();
    const reader = fresh();
    const readings = await Promise.all(Array.from({ length: 8 }, () => reader.read()));
    for (const { state, entries } of readings) expect([state.generation, entries.length]).toEqual([3, 3]);
  });

  it('refuses a name that is no model name', () => {
    expect(() => new LedgerLog(store, '../other')).toThrow(RangeError);
  });
});

describe('LedgerLog.append', () => {
  it('numbers versions itself', async () => {
    await begin();
    const { entry } = await log.append(input('register-3', register(3)));
    expect(entry.decision).toMatchObject({ kind: 'register', version: 3 });
  });

  it('enters a decision once, however often and wherever it is asked for', async () => {
    await begin();
    const again = await fresh().append(input('register-2', register(2)));
    expect(again).toMatchObject({ already: true, entry: { generation: 3, decision: { version: 2 } } });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => fresh().append(input('promote-2', promote(2, 1)))),
    );
    expect(answers.filter(({ already }) => !already)).toHaveLength(1);
    expect(new Set(answers.map(({ entry }) => entry.generation))).toEqual(new Set([4]));
    expect((await log.read()).state.generation).toBe(4);
  });

  it('refuses another decision under an id that was used', async () => {
    await begin();
    await expect(log.append(input('register-2', promote(2, 1)))).rejects.toThrow(DecisionRefusedError);
    await expect(log.append(input('register-2', register(3)))).rejects.toThrow(DecisionRefusedError);
  });

  it('refuses a stale promotion, also when it lost the race only at the last moment', async () => {
    await begin();
    await log.append(input('register-3', register(3)));
    const late = new (class extends ForwardingStore {
      #first = true;
      override async create(key: string, body: Body, options?: CallOptions): Promise<'created' | 'exists'> {
        if (this.#first) {
          this.#first = false;
          await log.append(input('promote-2', promote(2, 1)));
        }
        return super.create(key, body, options);
      }
    })(store);
    const zombie = new LedgerLog(late, MODEL);
    await expect(zombie.append(input('promote-3', promote(3, 1)))).rejects.toThrow(StaleDecisionError);
    await expect(zombie.append(input('promote-3', promote(3, 1)))).rejects.toThrow(
      'Cannot promote for "churn": it was decided when the champion was version 1, the champion is version 2 now',
    );
    expect((await log.read()).state).toMatchObject({ generation: 5, champion: { version: 2 } });
  });

  it('lets a registration that lost the race go on at the next generation', async () => {
    await begin();
    const logs = Array.from({ length: 8 }, fresh);
    const answers = await Promise.all(logs.map((one, index) => one.append(input(`by-${index}`, register(index)))));
    const versions = answers.map(({ entry }) => (entry.decision.kind === 'register' ? entry.decision.version : 0));
    expect(versions.toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await log.verify()).toEqual([]);
  });

  it('finds its own entry when the answer of the first try was lost', async () => {
    await begin();
    const losing = new (class extends ForwardingStore {
      override async create(key: string, body: Body, options?: CallOptions): Promise<'created' | 'exists'> {
        await super.create(key, body, options);
        throw new StoreUnavailableError('Cannot say what happened: the connection was lost');
      }
    })(store);
    await expect(new LedgerLog(losing, MODEL).append(input('promote-2', promote(2, 1)))).rejects.toThrow(
      StoreUnavailableError,
    );
    expect(await fresh().append(input('promote-2', promote(2, 1)))).toMatchObject({
      already: true,
      entry: { generation: 4 },
    });
  });

  it('enters a decision although the note beside the ledger cannot be written', async () => {
    const noteless = new (class extends ForwardingStore {
      override replace(): Promise<void> {
        return Promise.reject(new StoreUnavailableError('Cannot write: no'));
      }
    })(store);
    expect(await new LedgerLog(noteless, MODEL).append(input('one', register(1)))).toMatchObject({ already: false });
  });

  it('does not go on for ever when a key is taken and empty', async () => {
    const haunted = new (class extends ForwardingStore {
      override create(): Promise<'created' | 'exists'> {
        return Promise.resolve('exists');
      }
    })(store);
    await expect(new LedgerLog(haunted, MODEL).append(input('one', register(1)))).rejects.toThrow(LedgerBrokenError);
  });

  it('refuses a decision that could not be read back', async () => {
    await expect(log.append({ ...input('one', register(1)), reason: '' })).rejects.toThrow(RangeError);
    await expect(log.append({ ...input('one', register(1)), evidence: { split: 'no digest' } })).rejects.toThrow(
      RangeError,
    );
  });
});

describe('LedgerLog, on a damaged ledger', () => {
  it('finds a flipped byte wherever it is, in the newest entry too', async () => {
    await begin();
    for (const generation of [1, 2, 3]) {
      const whole = await readFile(file(generation));
      for (let at = 0; at < whole.length; at += 7) {
        const flipped = Buffer.from(whole);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        await writeFile(file(generation), flipped);
        expect((await log.verify())[0]).toMatchObject({ key: ledgerKey(MODEL, generation), kind: 'unreadable' });
      }
      await expect(fresh().read()).rejects.toThrow(LedgerBrokenError);
      await expect(fresh().append(input('promote-2', promote(2, 1)))).rejects.toThrow(LedgerBrokenError);
      await writeFile(file(generation), whole);
    }
    expect(await log.verify()).toEqual([]);
  });

  it('finds an entry that was replaced by another valid one', async () => {
    await begin();
    for (const generation of [1, 2, 3]) {
      const whole = await readFile(file(generation));
      await store.replace(ledgerKey(MODEL, generation), Buffer.from(whole.toString().replace('Because', 'Forged')));
      expect(await log.verify()).toEqual([
        expect.objectContaining({ key: ledgerKey(MODEL, generation === 3 ? 3 : generation + 1), kind: 'chain' }),
      ]);
      await expect(fresh().read()).rejects.toThrow(LedgerBrokenError);
      await store.replace(ledgerKey(MODEL, generation), whole);
    }
  });

  it('finds white space and keys that do not belong into an entry', async () => {
    await begin();
    const whole = (await readFile(file(3))).toString();
    for (const other of [`${whole} `, whole.replace('{', '{"more":1,'), 'null', '', '{"generation":3}']) {
      await store.replace(ledgerKey(MODEL, 3), Buffer.from(other));
      expect((await log.verify())[0]).toMatchObject({ key: ledgerKey(MODEL, 3), kind: 'unreadable' });
    }
  });

  it('finds a missing entry, and never enters a new one in its place', async () => {
    await begin();
    const reader = fresh();
    for (const generation of [2, 3]) {
      const whole = await readFile(file(generation));
      await store.remove(ledgerKey(MODEL, generation));
      expect(await log.verify()).toEqual([
        expect.objectContaining({ key: ledgerKey(MODEL, generation), kind: 'missing' }),
      ]);
      await expect(fresh().read()).rejects.toThrow(`Cannot believe entry ${generation} of the ledger of "churn"`);
      await expect(fresh().append(input('new', register(3)))).rejects.toThrow(LedgerBrokenError);
      expect(await store.stat(ledgerKey(MODEL, generation))).toBeUndefined();
      await store.create(ledgerKey(MODEL, generation), whole);
    }
    expect((await reader.read()).state.generation).toBe(3);
  });

  it('does not write into a gap that opened after it had read the entries before it', async () => {
    await log.append(input('register-1', register(1)));
    const reader = fresh();
    await reader.read();
    await log.append(input('promote-1', promote(1, 0)));
    await log.append(input('register-2', register(2)));
    await store.remove(ledgerKey(MODEL, 2));
    await expect(reader.append(input('promote-1', promote(1, 0)))).rejects.toThrow('it is missing, but entry 3 exists');
    expect(await store.stat(ledgerKey(MODEL, 2))).toBeUndefined();
  });

  it('adds nothing after a newest entry that was lost or changed since it was read, however long ago', async () => {
    await begin();
    const reader = fresh();
    await reader.read();
    const whole = await readFile(file(3));
    await store.remove(ledgerKey(MODEL, 3));
    await expect(reader.append(input('new', register(3)))).rejects.toThrow('it is missing, though it was there before');
    await store.create(ledgerKey(MODEL, 3), Buffer.from(whole.toString().replace('"reason":"', '"reason":"no ')));
    await expect(reader.append(input('new', register(3)))).rejects.toThrow(/it has digest [0-9a-f]{64}, and had/);
    expect(await store.stat(ledgerKey(MODEL, 4))).toBeUndefined();
  });

  it('names an entry that breaks a rule, and objects that do not belong there', async () => {
    await begin();
    const last = JSON.parse((await readFile(file(3))).toString()) as { decision: { version: number } };
    last.decision.version = 7;
    await store.replace(ledgerKey(MODEL, 3), Buffer.from(JSON.stringify(last)));
    await store.create(`ledger/${MODEL}/notes.txt`, Buffer.from('hello'));
    await store.create(`ledger/${MODEL}/000000000009/deeper.json`, Buffer.from('{}'));
    const findings = await log.verify();
    expect(findings.map(({ key, kind }) => [key, kind])).toEqual([
      [ledgerKey(MODEL, 3), 'chain'],
      [ledgerKey(MODEL, 3), 'rule'],
      [`ledger/${MODEL}/000000000009/deeper.json`, 'foreign'],
      [`ledger/${MODEL}/notes.txt`, 'foreign'],
    ]);
    expect(findings[1]?.message).toBe('The decision breaks a rule: it registers version 7, the next version is 2.');
  });

  it('goes on after damage, and says of each entry what is wrong with it', async () => {
    await begin();
    const unreadable = new (class extends ForwardingStore {
      override read(...call: Parameters<ArtifactStore['read']>): Promise<Buffer> {
        if (call[0] === ledgerKey(MODEL, 1)) throw new StoreUnavailableError('Cannot read: busy');
        if (call[0] === ledgerKey(MODEL, 3)) throw new ArtifactCorruptError('Cannot read: flipped');
        return super.read(...call);
      }
    })(store);
    expect((await new LedgerLog(unreadable, MODEL).verify()).map(({ key, kind }) => [key, kind])).toEqual([
      [ledgerKey(MODEL, 1), 'unreadable'],
      [ledgerKey(MODEL, 3), 'unreadable'],
    ]);
  });
});

describe('LedgerLog, when writers are ended with kill -9', () => {
  it('keeps every decision that was acknowledged, once, and no half entry', async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 6; round++) {
      const writers = [1, 2].map((number) => startWriter(`round-${round}-${number}`, acknowledged));
      await Promise.all(writers.map(({ enough }) => enough(5 + round)));
      for (const { child } of writers) child.kill('SIGKILL');
      await Promise.all(writers.map(({ child }) => once(child, 'close')));
      expect(await fresh().verify()).toEqual([]);
    }
    const { entries, state } = await fresh().read();
    expect(acknowledged.size).toBeGreaterThan(50);
    for (const [decisionId, generation] of acknowledged) expect(entries[generation - 1]?.decisionId).toBe(decisionId);
    expect(state.versions).toHaveLength(entries.length);
  });

  function startWriter(
    name: string,
    acknowledged: Map<string, number>,
  ): { child: ChildProcess; enough: (count: number) => Promise<void> } {
    const script = fileURLToPath(new URL('../../support/ledger-writer.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder, MODEL, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    let seen = 0;
    let wake = (): void => undefined;
    lines.on('line', (line) => {
      const [generation, decisionId = ''] = line.split(' ');
      acknowledged.set(decisionId, Number(generation));
      seen += 1;
      wake();
    });
    const enough = (count: number): Promise<void> =>
      new Promise((resolve, reject) => {
        wake = () => {
          if (seen >= count) resolve();
        };
        child.once('exit', () => reject(new Error(`writer ${name} ended after ${seen} entries`)));
        wake();
      });
    return { child, enough };
  }
});
