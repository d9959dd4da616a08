import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { searchId, type Study } from '../../src/domain/search.js';
import { ownSampler } from '../../src/search/index.js';
import { readManifest } from '../../src/stores/blobs.js';
import { SearchChunks } from '../../src/stores/search-chunks.js';
import type { hyperparameterSearch } from '../../workflows/hyperparameter-search.js';
import { bowlSpace, searchWorld, type SearchWorld } from '../support/search-world.js';
import { testTemporal, workflowBundle, type TestTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';

const HANGS = 6;
const TRIALS = 12;

let temporal: TestTemporal;
let world: SearchWorld;
const workers: ChildProcess[] = [];
beforeAll(async () => {
  [temporal, world] = await Promise.all([testTemporal(), searchWorld()]);
});
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all([temporal?.stop(), world?.stop()]);
});

it('kill -9 of the worker inside a chunk: the next one repeats the unfinished trial and no other', async () => {
  const bundle = join(world.folder, 'bundle.js');
  await writeFile(bundle, (await workflowBundle()).code);
  const input = await world.input('bowl-kill', { sampler: 'random', trials: TRIALS, space: bowlSpace });
  const search = await temporal.client.workflow.start<typeof hyperparameterSearch>('hyperparameterSearch', {
    workflowId: searchId('bowl-kill', 1),
    taskQueue: 'perennial',
    args: [input],
  });

  const first = startWorker(bundle, HANGS);
  await until('a trial hangs', async () => (await begun()).includes(HANGS));
  await until('all before it are noted', async () => (await noted()) === HANGS);
  first.kill('SIGKILL');
  await once(first, 'exit');
  startWorker(bundle);
  const { study, counts } = await search.result();

  expect(await begun()).toEqual([...numbers(0, HANGS + 1), ...numbers(HANGS, TRIALS)]);
  expect(counts).toEqual({ complete: TRIALS, pruned: 0, failed: 0 });
  expect(await noted(), 'a chunk that is done leaves no notes').toBe(0);
  const { chunks } = await readManifest<Study>(world.store, study);
  const trials = await new SearchChunks().trials(world.store, chunks);
  const sampler = ownSampler({ sampler: 'random', space: fullSpace(), fixed: {}, seed: 7 });
  expect(trials.map(({ parameters }) => parameters)).toEqual(
    numbers(0, TRIALS).map((number) => sampler?.suggest(number)),
  );
});

function startWorker(bundle: string, hang?: number): ChildProcess {
  const program = fileURLToPath(new URL('../fixtures/search-worker.ts', import.meta.url));
  const worker = spawn(process.execPath, ['--import', 'tsx', program, bundle, world.folder, String(hang ?? '')], {
    env: { ...process.env, TEMPORAL_ADDRESS: temporal.address },
    stdio: 'ignore',
  });
  workers.push(worker);
  return worker;
}

/** Numbers of the trials in the order in which they began. */
async function begun(): Promise<number[]> {
  const text = await readFile(join(world.folder, 'begun'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).map(Number);
}

/** How many trials a next attempt would find. */
async function noted(): Promise<number> {
  let count = 0;
  for await (const { key } of world.store.list('progress/trials/'))
    count += (JSON.parse((await world.store.read(key)).toString()) as { trials: unknown[] }).trials.length;
  return count;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function fullSpace() {
  return { x: { ...bowlSpace.x, log: false }, y: { ...bowlSpace.y, log: false } };
}
