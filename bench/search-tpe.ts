import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { withDuckDb } from '../src/data/duckdb.js';
import { quoteText } from '../src/data/sql-text.js';
import { startTemporal } from '../src/dev/temporal.js';
import { pythonEnv } from '../src/dev/tools.js';
import type { Ref } from '../src/domain/artifact.js';
import { searchId, trialsOf } from '../src/domain/search.js';
import { putBlob, putManifest } from '../src/stores/blobs.js';
import { workerDeps } from '../src/worker.js';
import { onePartSplit, TOY_COLUMNS } from '../test/support/one-part-split.js';
import { searchWorld, type SearchWorld } from '../test/support/search-world.js';
import type { hyperparameterSearch } from '../workflows/hyperparameter-search.js';
import type { BenchRow } from './row.js';
import { slope } from './slope.js';

const SIZES = [300, 1000, 3000];
/** Of a fit that takes next to no time. */
const ROWS = 60;
const SPACE = {
  l2_regularization: { type: 'float', low: 1e-3, high: 1e3, log: true },
  tol: { type: 'float', low: 1e-6, high: 1e-2, log: true },
} as const;

type Sampler = 'tpe' | 'random';

/**
 * How a search by TPE grows, whose trials are as small a fit as there is and run through the warm host: what is beyond the
 * same search by points at random, against Optuna's own ask and tell in memory. One round; the growth is Optuna's, so there
 * is no aim.
 */
export async function benchSearchTpe(): Promise<BenchRow[]> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const [temporal, world] = await Promise.all([startTemporal(), searchWorld()]);
  const { address } = temporal;
  const [connection, clientConnection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
  const { python } = await pythonEnv();
  const deps = workerDeps({
    store: world.store,
    python: () => Promise.resolve(python),
    workFolder: join(world.folder, 'work'),
  });
  try {
    const worker = await Worker.create({
      connection,
      taskQueue: 'bench',
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
        logger: new DefaultLogger('ERROR'),
      }),
      activities: createActivities(deps),
    });
    const client = new Client({ connection: clientConnection });
    return await worker.runUntil(async () => race(client, world, python));
  } finally {
    await deps.trainers['python']?.close?.();
    await Promise.all([connection.close(), clientConnection.close()]);
    await temporal.stop();
    await world.stop();
  }
}

async function race(client: Client, world: SearchWorld, python: string): Promise<BenchRow[]> {
  const split = await smallSplit(world);
  const search = (sampler: Sampler, trials: number) => timed(client, world, split, sampler, trials);
  await search('tpe', 10);
  const seconds: Record<Sampler | 'optuna', [size: number, seconds: number][]> = { tpe: [], random: [], optuna: [] };
  const rows: BenchRow[] = [];
  for (const size of SIZES) {
    const [random, tpe, optuna] = [await search('random', size), await search('tpe', size), await alone(python, size)];
    seconds.tpe.push([size, tpe]);
    seconds.random.push([size, random]);
    seconds.optuna.push([size, optuna]);
    rows.push({
      name: `what TPE adds to ${size} small trials / Optuna's own ask and tell of as many`,
      ratio: (tpe - random) / optuna,
      ours: tpe - random,
      theirs: optuna,
      unit: 's',
      note: `the whole search ${tpe.toFixed(1)} s, by points at random ${random.toFixed(1)} s`,
    });
  }
  const [ours, theirs] = [slope(seconds.tpe), slope(seconds.optuna)];
  const [first, last] = [SIZES[0], SIZES.at(-1)];
  rows.push({
    name: `growth exponent of a search by TPE, ${first} to ${last} trials / of Optuna's own ask and tell`,
    ratio: ours / theirs,
    ours,
    theirs,
    unit: '(exponents)',
    note: `by points at random ${slope(seconds.random).toFixed(2)}`,
  });
  return rows;
}

async function timed(client: Client, world: SearchWorld, split: Ref, sampler: Sampler, trials: number) {
  const model = `${sampler}-${trials}`;
  const trainer = { kind: 'python', estimator: 'linear' };
  const input = await world.input(model, { sampler, trials, space: SPACE }, { trainer });
  const began = performance.now();
  const { counts } = await client.workflow.execute<typeof hyperparameterSearch>('hyperparameterSearch', {
    workflowId: searchId(model, 1),
    taskQueue: 'bench',
    args: [{ ...input, split }],
  });
  const seconds = (performance.now() - began) / 1000;
  if (counts.complete !== trials)
    throw new Error(`A search of ${trials} trials completed ${counts.complete} of ${trialsOf(counts)}`);
  return seconds;
}

async function alone(python: string, trials: number): Promise<number> {
  const program = fileURLToPath(new URL('./search_tpe_peer.py', import.meta.url));
  const { stdout } = await promisify(execFile)(python, [program, String(trials)]);
  return Number(stdout);
}

/** A split of a few rows of the toy shop. */
async function smallSplit({ store, folder }: SearchWorld): Promise<Ref> {
  const file = join(folder, 'rows.parquet');
  const select = `SELECT ['mail', 'search', 'shop'][1 + i % 3] AS channel, (i * 37 % 100)::DOUBLE AS price,
    i * 5 % 9 AS visits, (i * 7 % 11 < 5) AS bought FROM range(${ROWS}) r(i)`;
  await withDuckDb({ folders: [folder], tempFolder: join(folder, 'spill') }, async (db) =>
    db.run(`COPY (${select}) TO ${quoteText(file)} (FORMAT parquet)`),
  );
  const ref = await putBlob(store, { path: file });
  return await putManifest(store, 'split', onePartSplit(ref, ROWS, TOY_COLUMNS));
}
