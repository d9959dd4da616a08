import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { againstItself } from '../../activities/evaluate-itself.js';
import type { ActivityDeps } from '../../activities/index.js';
import { defineModel } from '../../src/define-model.js';
import { startMinio, type S3Server } from '../../src/dev/minio.js';
import { pythonEnv } from '../../src/dev/tools.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { ModelBundle } from '../../src/domain/model.js';
import type { Evaluation } from '../../src/domain/evaluation.js';
import { putManifest, readManifest } from '../../src/stores/blobs.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import type { ArtifactStore } from '../../src/stores/store.js';
import { workerDeps } from '../../src/worker.js';
import type { Trainer } from '../../src/trainers/trainer.js';
import { activityBench } from '../support/activity-bench.js';
import { binaryModel } from '../support/onnx-models.js';
import { testStore } from '../support/s3-subject.js';
import { toyDay, toyDays, toySpec } from '../support/toy-data.js';

/** Makes a model at once, so that it can be made often; its weight is a parameter. */
const quick: Trainer = {
  kind: 'quick',
  identity: async () => ['quick 1'],
  train: async ({ folder, parameters }) => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, binaryModel({ weights: { price: Number(parameters['weight']) } }).onnx);
    return { model: path, metrics: {}, versions: {}, usage: {} };
  },
};

/** The real steps on a real MinIO: what they keep, and what becomes of it when objects are lost or spoilt. */
let minio: S3Server;
let client: Client;
let store: ArtifactStore;
let folder: string;
let deps: ActivityDeps;
let bench: ReturnType<typeof activityBench>;
let spec: Ref;
let snapshot: Ref;
let run = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-steps-'));
  minio = await startMinio({ dataFolder: join(folder, 'minio') });
  const { hostname: endPoint, port } = new URL(minio.endpoint);
  const { accessKey, secretKey } = minio;
  client = new Client({ endPoint, port: Number(port), useSSL: false, accessKey, secretKey, region: 'us-east-1' });
  store = testStore(minio);
  await store.probe();
  const python = async () => (await pythonEnv()).python;
  deps = workerDeps({ store, python, trainers: { quick }, workFolder: join(folder, 'work') });
  bench = activityBench(deps);

  await mkdir(join(folder, 'data'));
  for (const day of toyDays(14)) await writeFile(join(folder, 'data', `${day}.csv`), toyDay(day));
  spec = await specWith();
  ({ snapshot } = await bench.run('perennial.ingest', { model: 'toy', run: 1, spec }));
});
afterAll(async () => {
  await store.close();
  await minio.stop();
  await rm(folder, { recursive: true, force: true });
});

async function specWith(changes: Partial<ModelSpecInput> = {}): Promise<Ref> {
  const toy = toySpec('toy', join(folder, 'data'));
  const trainer = { kind: 'quick', parameters: { weight: -0.02 } };
  const task = { ...toy.task, features: ['price'] };
  return await putManifest(store, 'spec', { spec: defineModel({ ...toy, task, trainer, ...changes }) });
}

const common = () => ({ model: 'toy', run: (run += 1), spec });
const split = () => bench.run('perennial.split', { ...common(), snapshot });
const train = async () =>
  await bench.run('perennial.train', { ...common(), split: (await split()).split, timeoutMs: 60_000 });
const evaluate = async () => {
  const [parted, trained] = [await split(), await train()];
  return await bench.run('perennial.evaluate', { ...common(), split: parted.split, bundle: trained.bundle });
};
const STEPS = { split, train, evaluate };
type StepName = keyof typeof STEPS;

async function keysBelow(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Every object that the result of a step is made of, found by what is gone when the store is emptied of it. */
async function objectsOf(step: StepName): Promise<string[]> {
  const [entry = ''] = await keysBelow(`cache/${step}/`);
  const found = new Set<string>();
  const follow = async (text: string): Promise<void> => {
    for (const [key] of text.matchAll(/(blobs\/sha256|manifests\/[a-z]+)\/[0-9a-f/]+(\.json)?/g)) {
      if (found.has(key)) continue;
      found.add(key);
      if (key.startsWith('manifests/')) await follow((await store.read(key)).toString());
    }
  };
  await follow(JSON.stringify((JSON.parse((await store.read(entry)).toString()) as { output: object }).output));
  return [...found];
}

/** Puts other bytes in the place of an object, as another program would. */
async function put(key: string, bytes: Buffer): Promise<void> {
  await client.putObject('perennial-test', key, bytes, bytes.length, {});
}

async function spoil(key: string, how: string): Promise<void> {
  if (how === 'gone') return await store.remove(key);
  const bytes = Buffer.from(await store.read(key));
  if (how === 'flipped') bytes[Math.floor(bytes.length / 2)]! ^= 1;
  await put(key, how === 'short' ? bytes.subarray(0, -1) : bytes);
}

describe('split, train and evaluate', () => {
  it('are done once for the same rows, and later runs get the very same', async () => {
    for (const step of Object.values(STEPS)) {
      const { cache: first, message: _, attempts: _done, ...before } = await step();
      const { cache: second, message, attempts: _looked, ...after } = await step();
      expect([first, second]).toEqual(['miss', 'hit']);
      expect(after).toEqual(before);
      expect(message).toMatch(/^taken from run \d+ of \d{4}-\d\d-\d\d: /);
    }
  });

  it.each<StepName>(['split', 'train', 'evaluate'])(
    '%s, is done again when any object of its result is gone, flipped or short, and the store is whole again',
    async (name) => {
      const step = STEPS[name];
      await step();
      const objects = await objectsOf(name);
      expect(objects.length).toBe({ split: 5, train: 2, evaluate: 1 }[name]);
      const right = new Map(await Promise.all(objects.map(async (key) => [key, await store.read(key)] as const)));
      for (const key of objects) {
        for (const how of ['gone', 'flipped', 'short']) {
          await spoil(key, how);
          // Only what the result of this very step is made of is spoilt: the steps before it are hits.
          expect(await step(), `${key} ${how}`).toMatchObject({ cache: 'miss' });
          expect((await store.read(key)).equals(right.get(key)!), `${key} ${how}`).toBe(true);
          expect(await step(), `${key} ${how}`).toMatchObject({ cache: 'hit' });
        }
      }
    },
  );

  it('train, is done again when the spec that its bundle names is gone', async () => {
    const { bundle } = await train();
    // The spec of a later run, which differs in words only, takes the same bundle.
    const words = await specWith({ objective: { statement: 'Other words.' } });
    const parted = await split();
    const later = () =>
      bench.run('perennial.train', { ...common(), spec: words, split: parted.split, timeoutMs: 60_000 });
    expect(await later()).toMatchObject({ cache: 'hit', bundle });
    const bytes = await store.read(spec.key);
    await store.remove(spec.key);
    const again = await later();
    expect(again.cache).toBe('miss');
    expect((await readManifest<ModelBundle>(store, again.bundle)).spec).toBe(words.sha256);
    await store.create(spec.key, bytes);
  });

  it('are done again when their entry is gone, spoilt or not theirs', async () => {
    for (const [name, step] of Object.entries(STEPS)) {
      for (const how of ['gone', 'flipped', 'short', 'foreign']) {
        await step();
        for (const entry of await keysBelow(`cache/${name}/`)) {
          if (how === 'foreign') await put(entry, Buffer.from('{"schemaVersion":1}'));
          else await spoil(entry, how);
        }
        expect(await step(), `${name} ${how}`).toMatchObject({ cache: 'miss' });
        expect(await step(), `${name} ${how}`).toMatchObject({ cache: 'hit' });
      }
    }
  });

  it('a blob that MinIO itself has damaged on its disk, is written anew', async () => {
    await split();
    const blob = (await objectsOf('split')).find((key) => key.startsWith('blobs/')) ?? '';
    const at = join(folder, 'minio', 'perennial-test', blob);
    const names = await readdir(at, { recursive: true });
    const file = join(at, names.find((name) => name.endsWith('part.1')) ?? 'xl.meta');
    const bytes = await readFile(file);
    bytes[bytes.length - 40]! ^= 1;
    await writeFile(file, bytes);
    await expect(store.read(blob)).rejects.toThrow();
    expect(await split()).toMatchObject({ cache: 'miss' });
    await store.read(blob);
    expect(await split()).toMatchObject({ cache: 'hit' });
  });

  it('keep nothing of an attempt that was cancelled or failed', async () => {
    const { split: ref } = await split();
    const before = await keysBelow('cache/');
    const slow = await specWith({ trainer: { parameters: { max_iter: 5000, max_leaf_nodes: 64 } } });
    const controller = new AbortController();
    const input = { ...common(), spec: slow, split: ref, timeoutMs: 60_000 };
    const cancelled = bench.run('perennial.train', input, controller.signal);
    setTimeout(() => controller.abort(new Error('cancelled')), 300);
    await expect(cancelled).rejects.toThrow('cancelled');
    await expect(bench.run('perennial.train', { ...input, timeoutMs: 50 })).rejects.toMatchObject({
      type: 'TRAIN.TIMEOUT',
    });
    expect(await keysBelow('cache/')).toEqual(before);
  });

  it('say that a program of the user is run each time, and why', async () => {
    const { python } = await pythonEnv();
    const command = ['sh', '-c', `exec '${python}' -m perennial_trainer "$0"`];
    const own = await specWith({ trainer: { command, parameters: { max_iter: 5 } } });
    for (const _ of [1, 2]) {
      const input = { ...common(), spec: own, split: (await split()).split, timeoutMs: 60_000 };
      const { cache, message } = await bench.run('perennial.train', input);
      expect(cache).toBe('miss');
      expect(message).toMatch(/; not kept: nobody knows which files trainer\.command reads$/);
    }
  });
});

describe('evaluate of a candidate that is the champion', () => {
  it('follows at once from its evaluation before, and is what measuring it twice would give', async () => {
    const { evaluation: before } = await evaluate();
    const { bundle } = await train();
    const evidence = { spec: spec.sha256 };
    const decision = { model: 'toy', run, workflowId: 'w', executionId: 'x', bundle, reason: 'good', evidence };
    const { version = 0 } = await bench.run('perennial.register', { ...decision, verdict: 'PROMOTE' });
    await bench.run('perennial.promote', { ...decision, version, replaces: 0 });

    const taken = await evaluate();
    expect(taken).toMatchObject({ cache: 'hit', champion: version });
    const { split: ref } = await split();
    const measured = await bench.run('perennial.evaluate', { ...common(), split: ref, bundle, cache: false });
    expect(measured).toMatchObject({ cache: 'off', evaluation: taken.evaluation });
    const [alone, beside] = await Promise.all([
      readManifest<Evaluation>(store, before),
      readManifest<Evaluation>(store, taken.evaluation),
    ]);
    expect(beside).toEqual(againstItself(alone, { version, bundle: bundle.sha256 }));
    expect(beside.champion).toEqual({ version, bundle: bundle.sha256, metrics: alone.candidate.metrics });
    expect(beside.difference?.auc).toEqual({ value: 0, low: 0, high: 0 });
    expect(await evaluate()).toMatchObject({ cache: 'hit', evaluation: taken.evaluation });
  });
});
