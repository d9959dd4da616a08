import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { searchId, type Trial } from '../../src/domain/search.js';
import type { SearchReport } from '../../src/searches.js';
import type { Trainer } from '../../src/trainers/trainer.js';
import { workerDeps } from '../../src/worker.js';
import type { hyperparameterSearch } from '../../workflows/hyperparameter-search.js';
import { runCli } from '../src/cli/run-cli.js';
import { bowlSpace, searchWorld, type SearchWorld } from '../support/search-world.js';
import { testTemporal, testWorker, type TestTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';

let temporal: TestTemporal;
let world: SearchWorld;
let environment: Record<string, string>;
beforeAll(async () => {
  [temporal, world] = await Promise.all([testTemporal(), searchWorld()]);
  environment = { PERENNIAL_STORE: `folder:${join(world.folder, 'store')}`, TEMPORAL_ADDRESS: temporal.address };
});
afterAll(async () => {
  await Promise.all([temporal.stop(), world.stop()]);
});

/** What each trial comes to, by its number; those from 5 on do not begin before they are let go. */
const ENDS: readonly Omit<Trial, 'number' | 'parameters' | 'seconds'>[] = [
  { state: 'complete', value: 0.5 },
  { state: 'failed', reason: 'it did not converge' },
  { state: 'complete', value: 0.25, points: [[1, 0.25]] },
  { state: 'pruned', value: 0.9, points: [[4, 0.9]] },
  { state: 'complete', value: 0.125 },
];
const HELD = { state: 'complete', value: 0.7 } as const;

/** Trials that end as they are told to, a second of a processor each. */
class ToldTrainer implements Trainer {
  readonly kind = 'bowl';
  letGo: () => void = () => undefined;
  readonly #held = new Promise<void>((resolve) => (this.letGo = resolve));

  async identity(): Promise<readonly string[]> {
    return ['told 1'];
  }

  async trials({ trials }: Parameters<NonNullable<Trainer['trials']>>[0], { trial }: { trial(trial: Trial): void }) {
    for (const { number, parameters = {} } of trials) {
      if (number >= ENDS.length) await this.#held;
      trial({ number, parameters, seconds: 1, ...(ENDS[number] ?? HELD) });
    }
  }

  train(): never {
    throw new Error('Cannot train: it only tries');
  }
}

const show = (...words: string[]) => runCli(['search', 'show', 'bowl-show', '1', ...words], { env: environment });
const report = async () => JSON.parse((await show('--json')).stdout) as SearchReport;

it('shows a search under way with the trials of the chunk that has not ended, as text, JSON and picture', async () => {
  const trainer = new ToldTrainer();
  const deps = workerDeps({
    store: world.store,
    python: () => Promise.reject(new Error('not needed')),
    trainers: { bowl: trainer },
    workFolder: world.folder,
  });
  const worker = await testWorker(temporal, { activities: createActivities(deps) });
  const input = await world.input(
    'bowl-show',
    { sampler: 'random', trials: 8, space: bowlSpace, direction: 'minimize', metric: 'brier' },
    { cost: { currency: 'CHF', cpuHour: 3600 } },
  );
  await worker.runUntil(async () => {
    const search = await temporal.client.workflow.start<typeof hyperparameterSearch>('hyperparameterSearch', {
      workflowId: searchId('bowl-show', 1),
      taskQueue: 'perennial',
      // Two trials a chunk: two chunks have ended, one is held in its middle.
      args: [{ ...input, plan: { ...input.plan, chunk: 2 } }],
    });
    try {
      await until('five trials are told', async () => (await report()).trials?.length === ENDS.length);

      const found = await report();
      expect(found.underWay).toEqual({ planned: 8, noted: 1 });
      expect(found.counts).toEqual({ complete: 3, pruned: 1, failed: 1 });
      expect(found.best).toMatchObject({ number: 4, value: 0.125 });
      expect(found).toMatchObject({ seconds: 5, money: 5, currency: 'CHF' });
      expect(found.study).toBeUndefined();

      const { stdout, code } = await show();
      expect(code).toBe(0);
      expect(stdout).toContain('Search of bowl-show, run 1: under way\n');
      expect(stdout).toContain('trials    5 of 8: 3 complete, 1 pruned, 1 failed; 1 of them in chunks under way\n');
      expect(stdout).toContain('cost      5.00 CHF\n');
      expect(stdout).toContain('best      brier 0.125 in trial 4\n');
      expect(stdout).toMatch(/━/);
      expect(stdout).toMatch(/trial 4 +0\.125/);
      expect(stdout).toContain('Pruned: 1 at step 4\n');
      expect(stdout).toContain('1 × it did not converge');

      for (const name of ['search.svg', 'search.html']) {
        const file = join(world.folder, name);
        expect((await show('-o', file)).code).toBe(0);
        const picture = await readFile(file, 'utf8');
        expect(picture).toContain('best brier 0.125 of 5 trials so far');
        for (const state of ['complete', 'pruned', 'failed']) expect(picture).toContain(`>${state}</text>`);
      }
    } finally {
      // The worker ends only when its trials have.
      trainer.letGo();
    }
    await search.result();
    const ended = await report();
    expect(ended).toMatchObject({ counts: { complete: 6, pruned: 1, failed: 1 }, best: { number: 4 }, money: 8 });
    expect(ended.underWay).toBeUndefined();
    expect((await show()).stdout).toContain('Search of bowl-show, run 1: ended\n');
  });
}, 180_000);
