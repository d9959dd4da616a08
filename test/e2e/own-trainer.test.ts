import { randomUUID } from 'node:crypto';
import { appendFile, cp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporal } from '@temporalio/proto';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { ModelBundle } from '../../src/domain/model.js';
import { runId, type RunRecord } from '../../src/domain/run.js';
import { readSpecFile } from '../../src/spec/file.js';
import { readManifestOf } from '../../src/stores/blobs.js';
import { createWorker } from '../../src/worker.js';
import { startWorld, type World } from '../support/world.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/own-trainer', import.meta.url));

let world: World;
beforeAll(async () => {
  world = await startWorld({ worker: false });
});
afterAll(() => world.stop());
afterEach(() => vi.unstubAllEnvs());

/** A copy of the example under a model name of its own, with these changes to its spec. */
async function example(model: string, change: (spec: string) => string = (spec) => spec): Promise<string> {
  const folder = path.join(world.folder, model);
  await cp(EXAMPLE, folder, { recursive: true });
  const file = path.join(folder, 'perennial.yaml');
  const spec = (await readFile(file, 'utf8')).replace('name: churn', `name: ${model}`);
  await writeFile(file, change(spec));
  return folder;
}

type Train = (model: string, options?: { readonly cache?: boolean }) => Promise<RunRecord>;

/** Lets a worker train that has seen nothing before, but for the environments of this machine. */
async function withWorker(use: (train: Train) => Promise<void>): Promise<void> {
  const worker = await createWorker({
    address: world.temporal.address,
    store: world.store,
    // What the code locks is all that is needed here.
    python: () => Promise.reject(new Error('no trainer of ours was asked for')),
    workFolder: path.join(world.folder, `work-${randomUUID()}`),
  });
  await worker.runUntil(() =>
    use(async (model, options) => {
      const answer = await world.client.requestTraining(model, options);
      if (answer.outcome === 'refused') throw new Error(answer.message);
      await world.client.runResult(model, answer.run).catch(() => undefined);
      return await world.client.run(model, answer.run);
    }),
  );
}

async function bundleOf({ evidence }: RunRecord): Promise<ModelBundle> {
  return await readManifestOf<ModelBundle>(world.store, 'bundle', evidence.bundle!);
}

async function apply(folder: string): Promise<void> {
  await world.client.apply(await readSpecFile(path.join(folder, 'perennial.yaml')));
}

const asCommand = (spec: string) => spec.replace(/ {2}entry: .*/, '  command: [python, ./train.py]');

it.each([
  ['an entry', 'own-entry', (spec: string) => spec],
  ['a command', 'own-command', asCommand],
])('%s: what was applied trains on any machine, also when its folder is gone', async (_what, model, change) => {
  const folder = await example(model, change);
  await apply(folder);
  await rm(path.join(folder, 'churn'), { recursive: true });
  let first: ModelBundle | undefined;

  await withWorker(async (train) => {
    const record = await train(model);
    expect(record).toMatchObject({ outcome: 'PROMOTE', cache: { train: 'miss' } });
    first = await bundleOf(record);
    expect(first.trainer).toMatchObject({
      code: expect.stringMatching(/^[0-9a-f]{64}$/),
      lock: expect.stringMatching(/^[0-9a-f]{64}$/),
      python: expect.stringMatching(/^3\.\d+\.\d+$/),
      versions: { 'scikit-learn': expect.any(String) },
    });
    expect(first.trainerMetrics['auc']).toBeGreaterThan(0.7);
  });

  vi.stubEnv('PERENNIAL_CACHE', path.join(world.folder, `cache-of-another-${model}`));
  await withWorker(async (train) => {
    const record = await train(model, { cache: false });
    expect(record.cache).toMatchObject({ train: 'off' });
    const { trainer, onnx } = await bundleOf(record);
    expect({ trainer, onnx }).toEqual({ trainer: first?.trainer, onnx: first?.onnx });
  });
});

it('a change of one byte trains anew, a change of a time does not', async () => {
  const folder = await example('own-change');
  const program = path.join(folder, 'churn', 'train.py');
  await apply(folder);
  await withWorker(async (train) => {
    const first = await bundleOf(await train('own-change'));

    await utimes(program, 1, 1);
    await apply(folder);
    expect(await train('own-change')).toMatchObject({ cache: { train: 'hit' } });

    await appendFile(program, '#');
    await apply(folder);
    const changed = await train('own-change');
    expect(changed).toMatchObject({ cache: { train: 'miss' } });
    const { trainer, onnx } = await bundleOf(changed);
    expect(trainer.code).not.toBe(first.trainer.code);
    expect(trainer.lock).toBe(first.trainer.lock);
    expect(onnx).toEqual(first.onnx);
  });
});

it('a secret of the worker reaches the trainer and nobody else, and one that is not there fails the run', async () => {
  const environment = '  environment: { CHURN_TOKEN: { env: THE_TOKEN }, CHURN_MODE: fast }';
  const folder = await example('own-secret', (spec) =>
    asCommand(spec).replace('  timeout:', `${environment}\n  timeout:`),
  );
  const look =
    'import os; print("token", os.environ["CHURN_TOKEN"], os.environ["CHURN_MODE"], "THE_TOKEN" in os.environ)';
  await writeFile(path.join(folder, 'churn', 'train.py'), `${look}\nraise SystemExit(3)\n`);
  await apply(folder);
  await withWorker(async (train) => {
    expect((await train('own-secret')).failure).toMatchObject({
      code: 'TRAINER.ENVIRONMENT',
      message: expect.stringContaining('THE_TOKEN is not set'),
    });
    vi.stubEnv('THE_TOKEN', 'hush-hush-0815');
    const { failure } = await train('own-secret');
    expect(failure?.message).toContain('token *** fast False');
    for await (const { key } of world.store.list('')) {
      expect((await world.store.read(key)).includes('hush-hush-0815'), key).toBe(false);
    }
    const history = await world.temporal.client.workflow.getHandle(runId('own-secret', 2)).fetchHistory();
    const bytes = Buffer.from(temporal.api.history.v1.History.encode(history).finish());
    expect(bytes.includes('token *** fast')).toBe(true);
    expect(bytes.includes('hush-hush-0815')).toBe(false);
  });
});
