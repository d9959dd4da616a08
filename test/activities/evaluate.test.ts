import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../activities/evaluate.js';
import { promote } from '../../activities/promote.js';
import { register } from '../../activities/register.js';
import type { ActivityDeps } from '../../activities/deps.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { Split, SplitPart } from '../../src/domain/data.js';
import type { Evaluation } from '../../src/domain/evaluation.js';
import type { ModelBundle } from '../../src/domain/model.js';
import { defineModel } from '../../src/define-model.js';
import { openSource } from '../../src/sources/index.js';
import { BlobCache, putBlob, putManifest, readManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { sharedLedgers } from '../../src/stores/shared-ledgers.js';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { binaryModel, echoModel, type TestModel } from '../support/onnx-models.js';
import { toySpec } from '../support/toy-data.js';

const DIGEST = 'a'.repeat(64);
const ROWS = 40;

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

/** Evaluates a candidate on `price` against this champion, on rows whose `in_int64` is 1.5 now. */
async function evaluateAgainst(champion: TestModel) {
  const store = new FolderStore(bench.path('store'));
  const cache = new BlobCache(store, bench.path('cache'), { maxBytes: 1e9 });
  const scratchFolder = join(bench.folder, 'scratch');
  const deps: ActivityDeps = { store, cache, ledger: sharedLedgers(store), scratchFolder, openSource, trainers: {} };
  const toy = toySpec('toy', 'data');
  const spec = defineModel({ ...toy, task: { ...toy.task, features: ['price'] } });
  const bundle = async ({ onnx, inputs, outputs }: TestModel): Promise<Ref> => {
    const manifest: ModelBundle = {
      kind: 'bundle',
      schemaVersion: 1,
      model: 'toy',
      onnx: await putBlob(store, onnx),
      inputs,
      outputs,
      spec: DIGEST,
      split: DIGEST,
      trainer: { kind: 'process', estimator: 'none', parameters: {}, seed: 1, versions: {} },
      trainerMetrics: {},
    };
    return await putManifest(store, 'bundle', manifest);
  };
  const live = await bundle(champion);
  const decision = {
    model: 'toy',
    run: 1,
    workflowId: 'run',
    executionId: 'x',
    bundle: live,
    reason: 'good',
    evidence: { spec: DIGEST },
  };
  await register(deps, { ...decision, verdict: 'PROMOTE' });
  await promote(deps, { ...decision, version: 1, replaces: 0 });

  const select = `SELECT i::DOUBLE AS price, 1.5::DOUBLE AS in_int64, i % 3 = 0 AS bought FROM range(${ROWS}) t(i)`;
  const part: SplitPart = {
    ref: await putBlob(store, { path: await bench.parquet('test', select) }),
    rows: ROWS,
    rowsInWindow: ROWS,
    from: '2026-01-01',
    to: '2026-01-02',
    positiveShare: 0.3,
  };
  const split: Split = {
    kind: 'split',
    schemaVersion: 1,
    snapshot: DIGEST,
    by: 'time',
    profile: { key: 'manifests/profile/x.json', sha256: DIGEST, bytes: 1 },
    columns: [
      { name: 'price', type: 'number' },
      { name: 'in_int64', type: 'number' },
      { name: 'bought', type: 'boolean' },
    ],
    train: part,
    validation: part,
    test: part,
  };
  const input = {
    model: 'toy',
    run: 2,
    spec: await putManifest(store, 'spec', { spec }),
    split: await putManifest(store, 'split', split),
    bundle: await bundle(binaryModel({ weights: { price: 0.1 } })),
  };
  const result = await evaluate(deps, input, new AbortController().signal);
  return { ...result, manifest: await readManifest<Evaluation>(store, result.evaluation) };
}

describe('evaluate', () => {
  it('reads an input of the champion that is a feature no more', async () => {
    const { champion, manifest } = await evaluateAgainst(binaryModel({ weights: { price: 0.1, in_int64: 1 } }));
    expect(champion).toBe(1);
    expect(manifest.champion?.version).toBe(1);
    expect(manifest.difference?.auc?.value).toBe(0);
  });

  it('leaves out, and names, a champion whose input cannot take a value', async () => {
    const { champion, metrics, message, manifest } = await evaluateAgainst(echoModel(['INT64']));
    expect(champion).toBe(1);
    expect(metrics.champion).toBeUndefined();
    expect(manifest.champion).toBeUndefined();
    expect(manifest.championUnscored?.version).toBe(1);
    expect(manifest.championUnscored?.reason).toMatch(
      /^its input "in_int64" is 1.5 at position 0, want a whole number/,
    );
    expect(message).toMatch(/; champion not scored: its input "in_int64"/);
  });

  it('fails as before when the champion is damaged: that is no fault of the rows', async () => {
    const damaged = { ...binaryModel({ weights: { price: 1 } }), onnx: Buffer.from('no model') };
    await expect(evaluateAgainst(damaged)).rejects.toMatchObject({ code: 'MODEL.UNUSABLE' });
  });
});
