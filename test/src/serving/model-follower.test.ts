import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InferenceThread } from '../../../src/inference/inference-thread.js';
import { ModelFollower } from '../../../src/serving/model-follower.js';
import type { ServedModel } from '../../../src/serving/served-model.js';
import { BlobCache } from '../../../src/stores/blobs.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { numbered, probability } from './asking.js';
import { promote, publish, register } from './publish.js';

const signal = new AbortController().signal;
setMaxListeners(0, signal);

let folder: string;
let store: FolderStore;
let thread: InferenceThread;
let follower: ModelFollower;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'follow-'));
  store = new FolderStore(join(folder, 'store'));
  thread = new InferenceThread();
  follower = new ModelFollower(
    {
      store,
      cache: new BlobCache(store, join(folder, 'cache'), { maxBytes: 10_000_000 }),
      thread: () => (thread.ended ? (thread = new InferenceThread()) : thread),
      log: pino({ level: 'silent' }),
    },
    'churn',
  );
});

afterEach(async () => {
  await thread.close();
  await rm(folder, { recursive: true, force: true });
});

async function answer(served: ServedModel): Promise<number> {
  const age = { datatype: 'FP32', shape: [1, 1], data: Float32Array.of(1) } as const;
  const { probabilities } = await served.onnx.run({ age });
  return Number(probabilities?.data[1]);
}

describe('ModelFollower', () => {
  it('loads the champion again when its thread has ended', async () => {
    await publish(store, 'churn', numbered(3));
    await follower.look(signal);
    expect(await answer(follower.champion())).toBeCloseTo(probability(3), 6);
    await thread.close();
    expect(() => follower.champion()).toThrow('Model "churn" cannot answer');
    expect(follower.ready).toBe(false);
    await follower.look(signal);
    expect(await answer(follower.champion())).toBeCloseTo(probability(3), 6);
    expect(follower.ready).toBe(true);
  });

  it('serves more past versions than it keeps loaded, all at the same time', async () => {
    for (let number = 1; number <= 9; number++) await publish(store, 'churn', numbered(number));
    await follower.look(signal);
    for (let round = 0; round < 3; round++) {
      const asked = Array.from({ length: 36 }, (_, index) => (index % 9) + 1);
      const answers = await Promise.all(
        asked.map(async (version) => answer(await follower.version(String(version), signal))),
      );
      answers.forEach((found, index) => expect(found).toBeCloseTo(probability(asked[index] ?? 0), 6));
    }
  });

  it('does not load a past version again and again that cannot be loaded, and says why', async () => {
    await publish(store, 'churn', { ...numbered(1), onnx: Buffer.from('garbage') });
    await publish(store, 'churn', numbered(2));
    await follower.look(signal);
    const first = await follower.version('1', signal).catch((error: unknown) => error);
    expect(first).toMatchObject({ code: 'MODEL.UNUSABLE' });
    expect(await follower.version('1', signal).catch((error: unknown) => error)).toBe(first);
  });

  it('loads a champion that comes back to the same bundle only once', async () => {
    const { digest } = await publish(store, 'churn', numbered(1));
    await follower.look(signal);
    const { onnx } = follower.champion();
    await promote(store, 'churn', await register(store, 'churn', digest));
    await follower.look(signal);
    expect(follower.champion()).toMatchObject({ version: 2, digest });
    expect(follower.champion().onnx).toBe(onnx);
  });
});
