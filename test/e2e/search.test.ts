import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDuckDb } from '../../src/data/duckdb.js';
import { quoteFile } from '../../src/data/sql-text.js';
import { pythonEnv } from '../../src/dev/tools.js';
import { readManifestOf } from '../../src/stores/blobs.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { ModelBundle } from '../../src/domain/model.js';
import { findSearch } from '../../src/searches.js';
import { runCli } from '../src/cli/run-cli.js';
import { toyDays } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.stop();
});

const space = {
  learning_rate: { type: 'float', low: 0.001, high: 1, log: true },
  max_leaf_nodes: { type: 'int', low: 2, high: 63, log: true },
} as const;

describe('a run with a search', () => {
  it('trains with the best of its trials, names the study, and shows it', async () => {
    const search = { sampler: 'tpe', trials: 10, parallel: 2, pruner: { kind: 'halving', first: 2 }, space } as const;
    await world.applyToy('toy-search', toyDays(14), { search });
    await world.client.requestTraining('toy-search');
    await world.client.runResult('toy-search', 1);

    const [record] = await world.client.runs('toy-search', { limit: 1 });
    const found = await findSearch(world.temporal.client, world.store, 'toy-search', 1);
    expect(found.trials).toHaveLength(10);
    expect(record?.evidence.study).toBe(found.study?.sha256);
    expect(record?.steps?.['search']?.attempts.length).toBeGreaterThan(3);
    const values = found.trials.flatMap(({ state, value }) => (state === 'complete' ? [value!] : []));
    expect(found.best?.value).toBe(Math.min(...values));
    const bundle = await readManifestOf<ModelBundle>(world.store, 'bundle', record!.evidence.bundle!);
    expect(bundle.trainer.parameters).toEqual({ max_iter: 20, ...found.best?.parameters });
    expect(bundle.trainerMetrics['brier']).toBeCloseTo(found.best!.value!, 3);

    const shown = await runCli(['search', 'show', 'toy-search', 'latest'], { env: world.environment });
    expect(shown.stdout).toContain('Search of toy-search, run 1: ended');
    expect(shown.stdout).toContain('10: ');
    expect(shown.stdout).toMatch(/trial 0 +9/);
  });

  it('takes the study of the run before when nothing has changed, and so its model too', async () => {
    await world.client.requestTraining('toy-search');
    await world.client.runResult('toy-search', 2);
    const [again, first] = await world.client.runs('toy-search', { limit: 2 });
    expect(again?.cache).toEqual({ split: 'hit', search: 'hit', train: 'hit', evaluate: 'hit' });
    expect(again?.evidence.study).toBe(first?.evidence.study);
    const left: string[] = [];
    for await (const { key } of world.store.list('progress/')) left.push(key);
    expect(left, 'steps that are done leave no notes').toEqual([]);
  });

  it('begins with the hyperparameters of the champion, and knows the trials of the study before', async () => {
    const search = { sampler: 'tpe', trials: 4, space, warmStart: { studies: true } } as const;
    const champion = (await world.client.ledger('toy-search')).state.champion!;
    expect(champion.version).toBe(1);
    await world.applyToy('toy-search', toyDays(15), { search });
    await world.client.requestTraining('toy-search');
    await world.client.runResult('toy-search', 3);
    const [before, after] = await Promise.all(
      [1, 3].map((run) => findSearch(world.temporal.client, world.store, 'toy-search', run)),
    );
    const bundle = await readManifestOf<ModelBundle>(world.store, 'bundle', champion.bundle);
    expect(after!.trials[0]?.parameters).toEqual(before!.best?.parameters);
    expect(bundle.trainer.parameters).toHaveProperty('learning_rate');
    expect(after!.search.known).not.toEqual([]);
  });

  it('keeps the metric at ten steps of each trial as Parquet, where nothing prunes and nothing is cut', async () => {
    const { trials, study, search } = await findSearch(world.temporal.client, world.store, 'toy-search', 3);
    expect(trials).toHaveLength(4);
    for (const { points, value } of trials) {
      expect(points?.map(([step]) => step)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
      expect(points?.at(-1)?.[1]).toBe(value);
    }
    const told = trials.flatMap(({ number, points = [], metrics = {} }) => [
      ...points.map(([step, value]) => [number, step, search.metric, value]),
      ...Object.entries(metrics).flatMap(([name, value]) =>
        name === search.metric ? [] : [[number, 20, name, value]],
      ),
    ]);
    expect(told.length).toBeGreaterThan(4 * 11);
    const text = (row: unknown[]) => JSON.stringify(row);
    expect((await parquetRows(study!.points)).map(text).toSorted()).toEqual(told.map(text).toSorted());
  });

  it('tries a program of the user trial by trial, asks Optuna for it, and stops it where it says enough', async () => {
    const { python } = await pythonEnv();
    const trainer = {
      command: ['sh', '-c', `echo "token=s3cr3t0123 in $PWD" >&2; exec '${python}' -m perennial_trainer "$0"`],
      parameters: { max_iter: 20 },
      checkpointEvery: 4,
    };
    const pruner = { kind: 'median', after: 1 } as const;
    await world.applyToy('toy-own', toyDays(14), { trainer, search: { sampler: 'tpe', trials: 8, pruner, space } });
    await world.client.requestTraining('toy-own');
    await world.client.runResult('toy-own', 1);
    const { trials, counts, best } = await findSearch(world.temporal.client, world.store, 'toy-own', 1);
    expect(counts).toMatchObject({ failed: 0 });
    expect(counts.complete + counts.pruned).toBe(8);
    expect(counts.pruned).toBeGreaterThan(0);
    expect(trials.find(({ state }) => state === 'pruned')?.points?.length).toBeLessThan(5);
    expect(new Set(trials.map(({ parameters }) => parameters['learning_rate'])).size).toBe(8);
    expect(best?.points?.map(([step]) => step).slice(0, 2)).toEqual([4, 8]);

    const logs = (...words: string[]) => runCli(['logs', 'toy-own', '1', ...words], { env: world.environment });
    const { stdout } = await logs('--trial', '5', '--json');
    const { log, ...of } = JSON.parse(stdout) as { readonly log: readonly string[] };
    expect(of).toMatchObject({ model: 'toy-own', run: 1, trial: 5 });
    expect(log.join('\n')).toMatch(/^token=\*\*\* in .*trial-5$/m);
    const missing = await logs('--trial', '8');
    expect(missing.code).toBe(5);
    expect(missing.stderr).toContain('log of trial 8 in the search of run 1 of "toy-own": it has the trials 0 to 7');
    expect((await logs('--trial', '5', '--attempt', '1')).code).toBe(2);
  }, 120_000);
});

/** The rows of the file with the points of a study, as anybody would read it. */
async function parquetRows(points: Ref): Promise<unknown[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-points-'));
  try {
    const file = join(folder, 'points.parquet');
    await writeFile(file, await world.store.read(points.key, points));
    return await withDuckDb({ folders: [folder], tempFolder: folder }, (db) =>
      db.rows(`SELECT trial, step, metric, value FROM ${quoteFile(file)}`),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}
