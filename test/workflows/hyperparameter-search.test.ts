import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { createActivities } from '../../activities/index.js';
import { TrainerFailedError } from '../../src/errors.js';
import { runKey } from '../../src/domain/artifact.js';
import {
  searchId,
  trialsOf,
  type Search,
  type SearchInput,
  type SearchResult,
  type Study,
  type TrialChunk,
} from '../../src/domain/search.js';
import { putManifest, readManifest } from '../../src/stores/blobs.js';
import { SearchChunks } from '../../src/stores/search-chunks.js';
import { workerDeps } from '../../src/worker.js';
import type { hyperparameterSearch } from '../../workflows/hyperparameter-search.js';
import { BowlTrainer } from '../support/bowl-trainer.js';
import { bowlSpace, searchWorld, type SearchWorld } from '../support/search-world.js';
import { testTemporal, testWorker, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
let world: SearchWorld;
beforeAll(async () => {
  [temporal, world] = await Promise.all([testTemporal(), searchWorld()]);
});
afterAll(async () => {
  await Promise.all([temporal.stop(), world.stop()]);
});

/** Runs a search with a worker of its own and gives its result. */
async function runSearch(input: SearchInput, trainer = new BowlTrainer()): Promise<SearchResult> {
  const python = () => Promise.reject(new Error('not needed'));
  const deps = workerDeps({ store: world.store, python, trainers: { bowl: trainer }, workFolder: world.folder });
  const worker = await testWorker(temporal, { activities: createActivities(deps) });
  return await worker.runUntil(
    temporal.client.workflow.execute<typeof hyperparameterSearch>('hyperparameterSearch', {
      workflowId: searchId(input.model, input.run),
      taskQueue: 'perennial',
      args: [input],
    }),
  );
}

async function chunksOf(model: string): Promise<{ events: number; sizes: number[]; executions: number }> {
  const sizes: number[] = [];
  let [events, executions] = [0, 0];
  for await (const { runId } of temporal.client.workflow.list({ query: `WorkflowId = "${searchId(model, 1)}"` })) {
    const history = await temporal.client.workflow.getHandle(searchId(model, 1), runId).fetchHistory();
    events = Math.max(events, history.events?.length ?? 0);
    executions++;
  }
  return { events, sizes, executions };
}

describe('hyperparameterSearch', () => {
  it('runs all trials, keeps failed ones with their reason, and gives the best', async () => {
    const input = await world.input('bowl-random', {
      sampler: 'random',
      trials: 60,
      space: { ...bowlSpace, x: { type: 'float', low: -5, high: 15 } },
      direction: 'minimize',
    });
    const result = await runSearch(input);
    expect(trialsOf(result.counts)).toBe(60);
    expect(result.counts.failed).toBeGreaterThan(0);
    const study = await readManifest<{ chunks: TrialChunk['before'] }>(world.store, result.study);
    const trials = await new SearchChunks().trials(world.store, study.chunks);
    expect(trials.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, number) => number));
    const values = trials.flatMap(({ value }) => value ?? []);
    expect(result.best.value).toBe(Math.min(...values));
    expect(result.parameters).toEqual(trials[result.best.number]?.parameters);
    expect(result.summary).toMatch(/^Best brier .* of 60 \(\d+ complete, \d+ failed\)$/);
  });

  it('is the same study whoever runs it: the same parameters in one chunk and in many at the same time', async () => {
    const search = { sampler: 'random', trials: 40, space: bowlSpace } as const;
    const one = await runSearch(await world.input('bowl-one', search));
    const input = await world.input('bowl-many', { ...search, parallel: 4 });
    const many = await runSearch({ ...input, plan: { ...input.plan, chunk: 3 } });
    expect(many.best).toEqual(one.best);
    expect(many.parameters).toEqual(one.parameters);
  });

  it('ends a grid when it has no more points', async () => {
    const grid = { x: { type: 'float', low: 0, high: 1, step: 0.5 }, y: { type: 'int', low: 1, high: 3 } } as const;
    const result = await runSearch(await world.input('bowl-grid', { sampler: 'grid', trials: 100, space: grid }));
    expect(result.counts).toEqual({ complete: 9, pruned: 0, failed: 0 });
    expect(result.parameters).toEqual({ x: 1, y: 2 });
  });

  it('goes on in a new execution before its history gets long, and knows all it did', async () => {
    const input = await world.input('bowl-long', { sampler: 'random', trials: 1100, parallel: 2, space: bowlSpace });
    const result = await runSearch({ ...input, plan: { ...input.plan, chunk: 1 } });
    expect(trialsOf(result.counts)).toBe(1100);
    const { events, executions } = await chunksOf('bowl-long');
    expect(executions).toBe(3);
    expect(events).toBeLessThan(4096);
    // One to open the study, one to close it: the newest twenty are listed, all are counted.
    expect(result.record).toMatchObject({ attempts: { length: 20 }, earlier: { count: 1082 } });
  }, 180_000);

  it('fails with the reasons of the trials when none gave a value', async () => {
    const space = { x: { type: 'float', low: 10, high: 11 } } as const;
    const failed = runSearch(await world.input('bowl-failed', { sampler: 'random', trials: 3, space }));
    await expect(failed).rejects.toMatchObject({
      cause: { cause: { type: 'SEARCH.FAILED', message: expect.stringContaining('x is too large') as string } },
    });
  });

  it('takes the study of an earlier run on the same rows, unless it is told not to', async () => {
    const input = await world.input('bowl-again', { sampler: 'random', trials: 30, space: bowlSpace });
    const first = await runSearch(input);
    const again = new BowlTrainer();
    const second = await runSearch({ ...input, run: 2 }, again);
    expect(again.ran).toEqual([]);
    expect(second).toMatchObject({ cache: 'hit', study: first.study, best: first.best, parameters: first.parameters });
    expect(trialsOf(second.counts)).toBe(30);
    expect(second.money).toBe(0);

    const anew = new BowlTrainer();
    expect(await runSearch({ ...input, run: 3, cache: false }, anew)).toMatchObject({ cache: 'off' });
    expect(anew.ran).toHaveLength(30);
    const split = await putManifest(world.store, 'split', {
      ...(await readManifest<object>(world.store, input.split)),
      by: 'time',
    });
    expect(await runSearch({ ...input, run: 4, split })).toMatchObject({ cache: 'miss' });
  });

  it('begins without an earlier study of which a part is lost', async () => {
    const search = { sampler: 'random', trials: 6, space: bowlSpace, warmStart: { studies: true } } as const;
    const input = await world.input('bowl-lost', search);
    const first = await runSearch({ ...input, plan: { ...input.plan, chunk: 2 } });
    const record = { schemaVersion: 1, model: 'bowl-lost', run: 1, evidence: { study: first.study.sha256 } };
    await world.store.create(runKey('bowl-lost', 1), Buffer.from(JSON.stringify(record)));
    const knownBy = async (run: number) => {
      const { study } = await runSearch({ ...input, run, cache: false });
      const { search: ref } = await readManifest<Study>(world.store, study);
      return (await readManifest<Search>(world.store, ref)).known;
    };
    const { chunks } = await readManifest<Study>(world.store, first.study);
    expect(await knownBy(2)).toEqual(chunks);
    const [before] = (await readManifest<TrialChunk>(world.store, chunks[0]!)).before;
    await world.store.remove(before!.key);
    expect(await knownBy(3)).toEqual([]);
  });

  it('does not promise the same money to two chunks', async () => {
    const input = await world.input(
      'bowl-shares',
      { sampler: 'random', trials: 4000, parallel: 8, space: bowlSpace, budget: { money: 0.4 } },
      { cost: { cpuHour: 3600 } },
    );
    const result = await runSearch(input, new BowlTrainer(() => delay(1)));
    // Each trial says that it has cost a thousandth, and a chunk that runs cannot be told before its trial ends.
    expect(result.money).toBeGreaterThanOrEqual(0.4);
    expect(result.money).toBeLessThan(0.5);
  });

  it('ends the trials under way when a chunk fails for good', async () => {
    const input = await world.input('bowl-dies', { sampler: 'random', trials: 20, parallel: 2, space: bowlSpace });
    const slow = async (number: number, signal: AbortSignal) => {
      if (number === 0) throw new TrainerFailedError('Cannot try: the bowl broke', { fix: 'Buy another.' });
      await delay(600_000, undefined, { signal });
    };
    await expect(runSearch(input, new BowlTrainer(slow))).rejects.toMatchObject({
      cause: { cause: { message: 'Cannot try: the bowl broke' } },
    });
  });

  it('begins no trial when its time is up, and says so', async () => {
    const budget = { time: '3s' } as const;
    const search = { sampler: 'random', trials: 4000, parallel: 2, space: bowlSpace, budget } as const;
    const { summary, counts } = await runSearch(
      await world.input('bowl-time', search),
      new BowlTrainer(() => delay(50)),
    );
    expect(summary).toContain('it ended before all 4000, as its time is up');
    expect(counts.complete).toBeGreaterThan(0);
  });

  it('begins no trial when the money is spent, and says so', async () => {
    const input = await world.input(
      'bowl-money',
      { sampler: 'random', trials: 500, space: bowlSpace, budget: { money: 0.01 } },
      { cost: { cpuHour: 3600 } },
    );
    const result = await runSearch({ ...input, plan: { ...input.plan, chunk: 4 } });
    expect(trialsOf(result.counts)).toBeLessThan(30);
    expect(result.summary).toContain('it ended before all 500, as its money is spent');
  });
});
