import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Study } from '../../src/domain/search.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { readManifestOf } from '../../src/stores/blobs.js';
import { SearchChunks } from '../../src/stores/search-chunks.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { toyDays } from '../support/toy-data.js';
import { until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

const TRIALS = 20;
const SEARCH: Partial<ModelSpecInput> = {
  trainer: { estimator: 'gradient-boosting' },
  search: {
    sampler: 'tpe',
    trials: TRIALS,
    space: {
      max_iter: { type: 'int', low: 400, high: 600 },
      learning_rate: { type: 'float', low: 0.001, high: 0.3, log: true },
    },
  },
};

let world: World;
let worker: ChildWorker | undefined;
beforeAll(async () => {
  world = await startWorld({ worker: false });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
});

it('a TPE search whose workers are killed and shut down in its middle asks and finds what an undisturbed one does', async () => {
  for (const model of ['quiet', 'moved']) await world.applyToy(model, toyDays(14), SEARCH);
  worker = await startChildWorker(world.environment);
  await world.client.requestTraining('quiet');
  await world.client.runResult('quiet', 1);

  await world.client.requestTraining('moved');
  await until('some trials are noted', async () => (await noted()) >= 2);
  await worker.kill();
  const after = await noted();
  worker = await startChildWorker(world.environment);
  await until('more trials are noted', async () => (await noted()) >= after + 3);
  const from = Date.now();
  await worker.stop();
  expect(Date.now() - from, 'a trial is not waited for').toBeLessThan(30_000);
  worker = await startChildWorker(world.environment);
  await world.client.runResult('moved', 1);

  const [quiet, moved] = [await trialsOf('quiet'), await trialsOf('moved')];
  expect(moved).toHaveLength(TRIALS);
  expect(moved).toEqual(quiet);
  const attempts = (await world.client.run('moved', 1)).steps?.['search']?.attempts ?? [];
  expect(attempts.map(({ end }) => end)).toEqual(expect.arrayContaining(['lost', 'shutdown', 'done']));
}, 240_000);

/** How many trials of chunks under way a next attempt would find. */
async function noted(): Promise<number> {
  let count = 0;
  for await (const { key } of world.store.list('progress/trials/')) {
    // A chunk that ends removes its notes.
    const note = await world.store.read(key).catch(() => undefined);
    count += note ? (JSON.parse(note.toString()) as { trials: unknown[] }).trials.length : 0;
  }
  return count;
}

/** What was tried and found, without what it took. */
async function trialsOf(model: string): Promise<object[]> {
  const { evidence } = await world.client.run(model, 1);
  const { chunks } = await readManifestOf<Study>(world.store, 'study', evidence.study ?? '');
  const trials = await new SearchChunks().trials(world.store, chunks);
  return trials.map(({ number, state, parameters, value, points }) => ({ number, state, parameters, value, points }));
}
