import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { searchId, trialsOf, type SearchInput, type SearchResult, type TrialChunk } from '../../src/domain/search.js';
import { readManifest } from '../../src/stores/blobs.js';
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
