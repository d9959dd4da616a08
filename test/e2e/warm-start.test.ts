import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineModel } from '../../src/define-model.js';
import type { Checkpoint } from '../../src/domain/attempt.js';
import type { ModelBundle } from '../../src/domain/model.js';
import type { RunRecord } from '../../src/domain/run.js';
import { runText } from '../../src/cli/run-text.js';
import { coloursFor } from '../../src/cli/colours.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { readManifest, readManifestOf } from '../../src/stores/blobs.js';
import { toyDays, toySpec } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

const trainer = (more: object = {}) =>
  ({
    estimator: 'lightgbm',
    warmStart: 'champion',
    parameters: { n_estimators: 10 },
    checkpointEvery: 4,
    ...more,
  }) as const;
// Whatever wins, so that there is a new champion each time.
const gate = { champion: { rule: 'not-worse', margin: 1 } } as const;

describe('a model that is warmed by the champion', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  async function finished(model: string, options = {}): Promise<RunRecord> {
    const answer = await world.client.requestTraining(model, options);
    if (answer.outcome === 'refused') throw new Error(answer.message);
    await world.client.runResult(model, answer.run);
    return await world.client.run(model, answer.run);
  }
  const bundleOf = async ({ evidence }: RunRecord) =>
    await readManifestOf<ModelBundle>(world.store, 'bundle', evidence.bundle ?? '');
  const colours = coloursFor({ isTty: false, env: {}, wanted: false });
  const shown = (record: RunRecord) => runText({ isTty: false, width: 200, colours }, record);

  it('has its trees and more, says whose, is taken from the cache, and begins anew when the features change', async () => {
    const toy = await world.applyToy('toy-warm', toyDays(14), { trainer: trainer(), gate });
    const first = await finished('toy-warm');
    expect(first).toMatchObject({ outcome: 'PROMOTE', training: { trees: 10 } });
    expect(first.training).not.toHaveProperty('warmedBy');

    await toy.addDay('2026-01-15');
    const second = await finished('toy-warm');
    expect(second.training).toMatchObject({ trees: 20, warmedBy: first.evidence.bundle });
    const { state } = await bundleOf(second);
    const kept = await readManifest<Checkpoint>(world.store, state ?? expect.fail('no state'));
    expect([kept.step, Object.keys(kept.files)]).toEqual([20, ['about.json', 'model.txt']]);
    expect(shown(second)).toContain(
      `warm start 20 trees, from those of bundle ${first.evidence.bundle?.slice(0, 12)} on`,
    );

    const apply = async (changes: Partial<ModelSpecInput>) =>
      await world.client.apply({
        spec: defineModel(toySpec('toy-warm', toy.data, { trainer: trainer(), gate, ...changes })),
      });
    const task: ModelSpecInput['task'] = {
      kind: 'binary',
      label: 'bought',
      features: ['channel', 'price'],
      eventTime: 'visited',
    };
    await apply({ task });
    const anew = await finished('toy-warm');
    expect(anew.training).toMatchObject({ trees: 10, beganAnew: "the champion has other features (with 'visits')" });
    expect(shown(anew)).toContain("warm start none: the champion has other features (with 'visits')");
  });

  it('depends on the champion and its trees: is taken from the cache while both are the same', async () => {
    await world.applyToy('toy-cached', toyDays(14), { trainer: trainer() });
    const first = await finished('toy-cached');
    expect(first).toMatchObject({ outcome: 'PROMOTE', cache: { train: 'miss' } });
    const second = await finished('toy-cached', { promote: false });
    expect(second).toMatchObject({ cache: { split: 'hit', train: 'miss' }, training: { trees: 20 } });
    const third = await finished('toy-cached', { promote: false });
    expect(third).toMatchObject({ cache: { train: 'hit' }, evidence: { bundle: second.evidence.bundle } });

    const { state } = await bundleOf(first);
    const { files } = await readManifest<Checkpoint>(world.store, state ?? expect.fail('no state'));
    await world.store.remove(files['model.txt']?.key ?? '');
    for (const cache of ['off', 'miss'] as const) {
      const parameters = { learning_rate: 0.2 };
      const lost = await finished('toy-cached', { promote: false, parameters, cache: cache !== 'off' });
      // Nothing that was made without them is taken for what is made of them.
      expect(lost).toMatchObject({ cache: { train: cache }, training: { trees: 10 } });
      expect(lost.training?.beganAnew).toBe('the champion has left trees that are lost or damaged');
    }
  });

  it('does not learn from a champion that knows later rows', async () => {
    await world.applyToy('toy-past', toyDays(16), { trainer: trainer() });
    await finished('toy-past');
    const past = await finished('toy-past', { asOf: '2026-01-15T00:00:00Z', promote: false });
    expect(past.training?.trees).toBe(10);
    expect(past.training?.beganAnew).toMatch(
      /^the champion has learned from rows until 2026-01-\d\dT.*, which is later than/,
    );
  });
});
