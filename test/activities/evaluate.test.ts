import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../activities/evaluate.js';
import { promote } from '../../activities/promote.js';
import { register } from '../../activities/register.js';
import type { ActivityDeps } from '../../activities/deps.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { ColumnType, LabelFacts, Split, SplitPart } from '../../src/domain/data.js';
import type { Evaluation } from '../../src/domain/evaluation.js';
import type { ModelBundle } from '../../src/domain/model.js';
import { defineModel } from '../../src/define-model.js';
import { openSource } from '../../src/sources/index.js';
import { declaredBudget } from '../../src/resources/declared.js';
import { BlobCache, putBlob, putManifest, readManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { sharedLedgers } from '../../src/stores/shared-ledgers.js';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { binaryModel, echoModel, multiclassModel, regressionModel, type TestModel } from '../support/onnx-models.js';
import { noCode } from '../support/no-code.js';
import { toySpec } from '../support/toy-data.js';

const DIGEST = 'a'.repeat(64);
const ROWS = 40;

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

/** What a candidate is evaluated on: its model, the label as SQL over `i`, and what the split says of the labels. */
interface Given {
  readonly candidate: TestModel;
  readonly label: string;
  readonly type: ColumnType;
  readonly facts: LabelFacts;
}

const BOUGHT: Given = {
  candidate: binaryModel({ weights: { price: 0.1 } }),
  label: 'i % 3 = 0',
  type: 'boolean',
  facts: { positiveShare: 0.3 },
};

/** Evaluates a candidate on `price` against this champion, on rows whose `in_int64` is 1.5 now. */
async function evaluateAgainst(champion: TestModel, { candidate, label, type, facts }: Given = BOUGHT) {
  const store = new FolderStore(bench.path('store'));
  const cache = new BlobCache(store, bench.path('cache'), { maxBytes: 1e9 });
  const scratchFolder = join(bench.folder, 'scratch');
  const deps: ActivityDeps = {
    store,
    cache,
    remembered: store,
    ledger: sharedLedgers(store),
    scratchFolder,
    openSource,
    ...noCode,
    budget: declaredBudget(),
    trainers: {},
  };
  const toy = toySpec('toy', 'data');
  const { kind = 'binary' } = candidate.task ?? {};
  const spec = defineModel({ ...toy, contract: {}, task: { ...toy.task, kind, features: ['price'] } });
  const bundle = async ({ onnx, inputs, outputs, task }: TestModel): Promise<Ref> => {
    const manifest: ModelBundle = {
      kind: 'bundle',
      schemaVersion: 1,
      model: 'toy',
      onnx: await putBlob(store, onnx),
      inputs,
      outputs,
      ...(task && { task }),
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

  const select = `SELECT i::DOUBLE AS price, 1.5::DOUBLE AS in_int64, ${label} AS bought FROM range(${ROWS}) t(i)`;
  const part: SplitPart = {
    ref: await putBlob(store, { path: await bench.parquet('test', select) }),
    rows: ROWS,
    rowsInWindow: ROWS,
    from: '2026-01-01',
    to: '2026-01-02',
    ...facts,
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
      { name: 'bought', type },
    ],
    ...(candidate.task && { task: candidate.task }),
    train: part,
    validation: part,
    test: part,
  };
  const input = {
    model: 'toy',
    run: 2,
    spec: await putManifest(store, 'spec', { spec }),
    split: await putManifest(store, 'split', split),
    bundle: await bundle(candidate),
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

/** 40 rows: `a` up to 9, `b` up to 29, then `c` but for one `d`. */
const LETTERS: Given = {
  candidate: multiclassModel(['a', 'b', 'c'], { weights: { price: [0, 1, 2] }, bias: [0, -10, -40] }),
  label: `CASE WHEN i < 10 THEN 'a' WHEN i < 30 THEN 'b' WHEN i = 35 THEN 'd' ELSE 'c' END`,
  type: 'string',
  facts: { classRows: [10, 20, 10] },
};

describe('evaluate, several classes', () => {
  it('counts a row of a class that training never saw as certainly wrong', async () => {
    const { manifest } = await evaluateAgainst(
      multiclassModel(['a', 'b', 'c'], { weights: { price: [0, 0, 0] } }),
      LETTERS,
    );
    expect(manifest).toMatchObject({
      task: { kind: 'multiclass', classes: ['a', 'b', 'c'] },
      rows: 40,
      classRows: [10, 20, 9],
      baseline: { classShares: [0.25, 0.5, 0.25] },
    });
    const unseen = -Math.log(1e-15);
    const baseline = (-19 * Math.log(0.25) - 20 * Math.log(0.5) + unseen) / 40;
    expect(manifest.baseline.metrics.logLoss!.value).toBeCloseTo(baseline, 12);
    expect(manifest.champion!.metrics.logLoss!.value).toBeCloseTo((39 * Math.log(3) + unseen) / 40, 6);
    expect(manifest.candidate.metrics.accuracy!.value).toBeGreaterThan(0.9);
    expect(manifest.candidate.metrics.accuracy!.value).toBeLessThan(1);
    expect(manifest).not.toHaveProperty('positives');
  });

  it('compares on the names of classes: the champion has others, in another order', async () => {
    const other = multiclassModel(['d', 'c', 'a'], { weights: { price: [0, 0, 0] } });
    const { manifest, message } = await evaluateAgainst(other, LETTERS);
    expect(manifest).toMatchObject({ task: { classes: ['a', 'b', 'c', 'd'] }, classRows: [10, 20, 9, 1] });
    const theirs = manifest.champion!.metrics;
    // A third for each of its classes, nothing for "b"; of equally likely ones it says the first, "d".
    expect(theirs.logLoss!.value).toBeCloseTo((20 * Math.log(3) - 20 * Math.log(1e-15)) / 40, 5);
    expect(theirs.brier!.value).toBeCloseTo((20 * (4 / 9 + 2 / 9) + 20 * (1 + 3 / 9)) / 40, 6);
    expect(theirs.accuracy!.value).toBe(1 / 40);
    expect(manifest.baseline).toMatchObject({ classShares: [0.25, 0.5, 0.25, 0] });
    expect(message).toMatch(/^logLoss \d\.\d{4} \(champion 17\.\d{4}\), brier /);
  });

  it('knows whole numbers by their decimals', async () => {
    const classes = ['7', '9007199254740993'];
    const { manifest } = await evaluateAgainst(multiclassModel(classes, { weights: { price: [0, 0] } }), {
      candidate: multiclassModel(classes, { weights: { price: [-1, 1] }, bias: [20, -20] }),
      label: 'CASE WHEN i < 20 THEN 7 ELSE 9007199254740993 END',
      type: 'integer',
      facts: { classRows: [20, 20] },
    });
    expect(manifest.classRows).toEqual([20, 20]);
    expect(manifest.candidate.metrics.accuracy!.value).toBeGreaterThan(0.95);
  });

  it('leaves out a champion that answers another question', async () => {
    const { manifest } = await evaluateAgainst(regressionModel({ price: 1 }), LETTERS);
    const reason = 'it was trained for a regression task, and the task is multiclass now';
    expect(manifest.championUnscored).toMatchObject({ version: 1, reason, otherTask: true });
  });
});

describe('evaluate, a number', () => {
  it('measures in the unit of the label, with all digits of it', async () => {
    const { manifest } = await evaluateAgainst(regressionModel({ price: 1 }, 3), {
      candidate: regressionModel({ price: 1 }, 1),
      label: 'i + 0.000000001',
      type: 'number',
      facts: { mean: 10 },
    });
    expect(manifest.task).toEqual({ kind: 'regression' });
    expect(manifest.candidate.metrics.rmse!.value).toBeCloseTo(1 - 1e-9, 11);
    expect(manifest.champion!.metrics.mae!.value).toBeCloseTo(3, 6);
    expect(manifest.difference!.rmse!.value).toBeCloseTo(-2, 6);
    expect(manifest.baseline).toMatchObject({ mean: 10 });
    expect(manifest.baseline.metrics.r2!.value).toBeLessThan(0);
    expect(manifest.skill.r2!.low).toBeGreaterThan(0);
  });
});
