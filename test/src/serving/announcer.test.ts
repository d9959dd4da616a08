import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Announcer } from '../../../src/serving/announcer.js';
import type { ModelFollower } from '../../../src/serving/model-follower.js';
import { ServingState } from '../../../src/serving/serving-state.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import type { CallOptions } from '../../../src/stores/store.js';

/** Holds every write until it is let go; counts those that have begun. */
class HeldStore extends FolderStore {
  writes = 0;
  gate: Promise<void> = Promise.resolve();

  override async replace(key: string, bytes: Buffer, options: CallOptions = {}): Promise<void> {
    this.writes += 1;
    await this.gate;
    await super.replace(key, bytes, options);
  }
}

const limits = { maxBodyBytes: 1, maxRows: 1 };
let folder: string;
let store: HeldStore;
let state: ServingState;
let announcer: Announcer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-announcer-'));
  store = new HeldStore(folder);
  state = new ServingState(pino({ level: 'silent' }), limits, new AbortController().signal);
  // All that an announcement is made of.
  state.followers.set('churn', { model: 'churn', current: { digest: 'a'.repeat(64), version: 1 } } as ModelFollower);
  announcer = new Announcer(store, state, 'http://127.0.0.1:1');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('announcements, while the store does not answer, are not queued one behind another', async () => {
  let open = (): void => undefined;
  store.gate = new Promise((resolve) => (open = resolve));
  for (let turn = 0; turn < 50; turn += 1) {
    announcer.announceAll();
    await new Promise((resolve) => setImmediate(resolve));
  }
  open();
  await announcer.settled();
  expect(store.writes).toBe(2);
  await announcer.stop();
  expect(await readdir(join(folder, 'servers', 'churn')).catch(() => [])).toEqual([]);
});

it('stopping, begins no write that was still waiting, and does not wait for a store that hangs', async () => {
  store.gate = new Promise(() => undefined);
  announcer.announceAll();
  await new Promise((resolve) => setImmediate(resolve));
  announcer.announceAll();
  const began = performance.now();
  await announcer.stop();
  expect(performance.now() - began).toBeLessThan(3000);
  expect(store.writes).toBe(1);
});
