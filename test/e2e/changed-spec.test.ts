import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot, ValidationReport } from '../../src/domain/data.js';
import type { Evaluation } from '../../src/domain/evaluation.js';
import type { RunResult } from '../../src/domain/run.js';
import { defineModel } from '../../src/define-model.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { readManifestOf } from '../../src/stores/blobs.js';
import { toyDays, toySpec } from '../support/toy-data.js';
import { startWorld, type ToyModel, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

async function train({ name }: ToyModel): Promise<RunResult> {
  const answer = await world.client.requestTraining(name);
  if (answer.outcome === 'refused') throw new Error(answer.message);
  return await world.client.runResult(name, answer.run);
}

async function evaluationOf(result: RunResult): Promise<Evaluation> {
  return await readManifestOf<Evaluation>(world.store, 'evaluation', result.evidence.evaluation!);
}

async function snapshotOf(result: RunResult): Promise<Snapshot> {
  return await readManifestOf<Snapshot>(world.store, 'snapshot', result.snapshot.sha256);
}

/** Applies the toy spec again with some parts changed; the files stay as they are. */
async function change({ name, data }: ToyModel, changes: Partial<ModelSpecInput>, prepareSql?: string): Promise<void> {
  const spec = defineModel(toySpec(name, data, changes));
  await world.client.apply({ spec, ...(prepareSql !== undefined && { prepareSql }) });
}

const { task, contract } = toySpec('toy', '');
const columns = typeof contract === 'object' ? contract['visits']!.columns : {};
const withoutVisits: Partial<ModelSpecInput> = { task: { ...task, features: ['channel', 'price'] } };

describe('a champion and a spec that has moved on', () => {
  it('is compared on the same rows when a feature is dropped and its column is still in the table', async () => {
    const model = await world.applyToy('toy-dropped', toyDays(14));
    expect(await train(model)).toMatchObject({ verdict: 'PROMOTE', version: 1 });

    await change(model, withoutVisits);
    const second = await train(model);
    expect(second.verdict).toMatch(/HOLD|REJECT/);
    expect(second.metrics.difference).toBeDefined();
    const evaluation = await evaluationOf(second);
    expect(evaluation.champion).toMatchObject({ version: 1 });
    expect(evaluation.championUnscored).toBeUndefined();
    expect(second.rows.new).toBe(0);
  });

  it('is left out and named with the reason when the column has gone, and the candidate is held', async () => {
    const model = await world.applyToy('toy-gone', toyDays(14));
    await train(model);

    await change(model, withoutVisits, 'SELECT visited, channel, price, bought FROM visits');
    const second = await train(model);
    expect(second).toMatchObject({ verdict: 'HOLD', version: 2, champion: 1 });
    expect(second.summary).toMatch(/version 1 stays live.*"visits" is not in the training table any more.*Keep/);
    expect(second.metrics.champion).toBeUndefined();
    const evaluation = await evaluationOf(second);
    expect(evaluation.champion).toBeUndefined();
    const reason = 'its input "visits" is not in the training table any more';
    expect(evaluation.championUnscored).toMatchObject({ version: 1, reason });

    // What the reason advises: with the column kept the two are compared again.
    await change(model, withoutVisits);
    expect((await train(model)).metrics.difference).toBeDefined();
  });

  it('is left out when a feature has become text, which is read from the same files again', async () => {
    const model = await world.applyToy('toy-retyped', toyDays(14));
    const first = await train(model);
    expect((await snapshotOf(first)).parts[0]!.columns).toContainEqual({ name: 'visits', type: 'integer' });

    await change(model, { contract: { visits: { columns: { ...columns, visits: { type: 'string' } } } } });
    const second = await train(model);
    expect(second.rows).toMatchObject({ total: 2800, new: 2800 });
    for (const part of (await snapshotOf(second)).parts) {
      expect(part.columns).toContainEqual({ name: 'visits', type: 'string' });
    }
    expect(second).toMatchObject({ verdict: 'HOLD', champion: 1 });
    const reason = 'its input "visits" takes numbers, and that column is of type string now';
    expect((await evaluationOf(second)).championUnscored).toMatchObject({ version: 1, reason });

    expect((await train(model)).rows.new).toBe(0);
  });
});

describe('a contract that has changed', () => {
  it('is held against the data that was taken before it, and against nothing twice', async () => {
    const model = await world.applyToy('toy-stricter', toyDays(14));
    await train(model);

    await change(model, { contract: { visits: { columns: { ...columns, price: { type: 'number', max: 50 } } } } });
    const failure = (await train(model).catch((error: unknown) => error)) as WorkflowFailedError;
    expect(failure.cause).toMatchObject({ type: 'DATA.CONTRACT' });
    expect(failure.cause!.message).toMatch(/price/);

    await change(model, { contract: { visits: { columns: { ...columns, price: { type: 'number', max: 200 } } } } });
    expect(await checkedParts(await train(model))).toBe(14);
    expect(await checkedParts(await train(model))).toBe(0);
  });
});

async function checkedParts({ evidence }: RunResult): Promise<number> {
  return (await readManifestOf<ValidationReport>(world.store, 'report', evidence.report!)).checkedParts;
}
