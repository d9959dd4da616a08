import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Ref } from '../../../src/domain/artifact.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { sharedLedgers } from '../../../src/stores/shared-ledgers.js';
import type { CallOptions } from '../../../src/stores/store.js';

class CountingStore extends FolderStore {
  reads = 0;

  override read(key: string, expected?: Ref, options?: CallOptions): Promise<Buffer> {
    this.reads += 1;
    return super.read(key, expected, options);
  }
}

let folder: string;
let store: CountingStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-ledgers-'));
  store = new CountingStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const register = (decision: number) => ({
  decisionId: `decision ${decision}`,
  decision: { kind: 'register' as const, bundle: String(decision).padStart(64, '0'), run: 'run' },
  actor: 'a test',
  reason: 'because',
  evidence: {},
  now: new Date(),
});

it('sharedLedgers, gives the same log for a model each time, and a look costs one request', async () => {
  const ledger = sharedLedgers(store);
  expect(ledger('one')).toBe(ledger('one'));
  expect(ledger('one')).not.toBe(ledger('two'));
  for (let decision = 1; decision <= 20; decision++) await ledger('one').append(register(decision));
  store.reads = 0;
  expect((await ledger('one').read()).entries).toHaveLength(20);
  expect(store.reads).toBe(1);
  // What another process has entered is seen.
  await sharedLedgers(store)('one').append(register(21));
  expect((await ledger('one').read()).state.generation).toBe(21);
});

it('one log, may be read and appended to by many at the same time', async () => {
  const ledger = sharedLedgers(store);
  await ledger('one').append(register(0));
  const seen: number[] = [];
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      // Each decision twice, as by an attempt that was repeated.
      await ledger('one').append(register(1 + (index % 6)));
      const { entries, state } = await ledger('one').read();
      expect(entries.map(({ generation }) => generation)).toEqual(entries.map((_, place) => place + 1));
      seen.push(state.generation);
    }),
  );
  expect(Math.max(...seen)).toBe(7);
  expect(await ledger('one').verify()).toEqual([]);
});
