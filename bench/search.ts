import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { startTemporal } from '../src/dev/temporal.js';
import { pythonEnv } from '../src/dev/tools.js';
import { searchId, trialsOf } from '../src/domain/search.js';
import { workerDeps } from '../src/worker.js';
import { BowlTrainer } from '../test/support/bowl-trainer.js';
import { bowlSpace, searchWorld, type SearchWorld } from '../test/support/search-world.js';
import type { hyperparameterSearch } from '../workflows/hyperparameter-search.js';
import type { fanOut } from './fan-out-workflow.js';
import { median } from './median.js';
import type { BenchRow } from './row.js';
import { slope } from './slope.js';

const TRIALS = 1000;
/** Of what takes tens of milliseconds each. */
const PEER_TRIALS = 200;
const PARALLEL = 50;
const SIZES = [100, 1000, 3000, 10_000];
const ROUNDS = 3;

/**
 * What a trial costs beside its objective: trials that take no time, chosen at random and kept durably, against Optuna on
 * SQLite and against one activity a trial on the same server; and how the time of a search grows with its trials.
 */
export async function benchSearch(): Promise<BenchRow[]> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const [temporal, world] = await Promise.all([startTemporal(), searchWorld()]);
  const [connection, clientConnection] = await Promise.all([
    NativeConnection.connect({ address: temporal.address }),
    Connection.connect({ address: temporal.address }),
  ]);
  const client = new Client({ connection: clientConnection });
  try {
    const [ours, theirs] = await Promise.all([searchWorker(connection, world), fanOutWorker(connection)]);
    return await ours.runUntil(theirs.runUntil(() => race(client, world)));
  } finally {
    await Promise.all([connection.close(), clientConnection.close()]);
    await temporal.stop();
    await world.stop();
  }
}

async function race(client: Client, world: SearchWorld): Promise<BenchRow[]> {
  await search(client, world, 'warm', 100);
  const seconds = new Map<number, number[]>(SIZES.map((size) => [size, []]));
  const [optuna, activities]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) seconds.get(size)?.push(await search(client, world, `round-${round}-${size}`, size));
    optuna.push((await optunaOnSqlite(join(world.folder, `optuna-${round}.db`), PEER_TRIALS)) / PEER_TRIALS);
    activities.push((await oneActivityEach(client, `peer-${round}`, PEER_TRIALS)) / PEER_TRIALS);
  }
  const ours = median(seconds.get(TRIALS) ?? []) / TRIALS;
  const versus = (name: string, theirs: number, aim: number): BenchRow => ({
    name,
    ratio: ours / theirs,
    aim,
    ours: ours * 1000,
    theirs: theirs * 1000,
    unit: 'ms a trial',
  });
  const times = SIZES.map((size): [number, number] => [size, median(seconds.get(size) ?? [])]);
  const [, [, small] = [0, 0], , [, large] = [0, 0]] = times;
  return [
    versus(`${TRIALS} trivial trials against Optuna on SQLite`, median(optuna), 1),
    versus(`${TRIALS} trivial trials against one activity each`, median(activities), 0.1),
    {
      name: 'growth exponent of a search, 1,000 to 10,000 trials',
      ratio: slope(times.slice(1)),
      aim: 1.05,
      ours: large,
      theirs: small,
      unit: 's (10,000 and 1,000 trials)',
    },
  ];
}

async function search(client: Client, world: SearchWorld, model: string, trials: number): Promise<number> {
  const input = await world.input(model, { sampler: 'random', trials, space: bowlSpace });
  const began = performance.now();
  const { counts } = await client.workflow.execute<typeof hyperparameterSearch>('hyperparameterSearch', {
    workflowId: searchId(model, 1),
    taskQueue: 'ours',
    args: [input],
  });
  const seconds = (performance.now() - began) / 1000;
  if (trialsOf(counts) !== trials) throw new Error(`A search of ${trials} trials had ${trialsOf(counts)}`);
  return seconds;
}

async function oneActivityEach(client: Client, workflowId: string, trials: number): Promise<number> {
  const began = performance.now();
  const args: Parameters<typeof fanOut> = [trials, PARALLEL];
  await client.workflow.execute<typeof fanOut>('fanOut', { workflowId, taskQueue: 'theirs', args });
  return (performance.now() - began) / 1000;
}

async function optunaOnSqlite(file: string, trials: number): Promise<number> {
  const { python } = await pythonEnv();
  const program = fileURLToPath(new URL('./search_peer.py', import.meta.url));
  const { stdout } = await promisify(execFile)(python, [program, file, String(trials)]);
  await rm(file);
  return Number(stdout);
}

async function searchWorker(connection: NativeConnection, { store, folder }: SearchWorld): Promise<Worker> {
  const python = () => Promise.reject(new Error('not needed'));
  const deps = workerDeps({ store, python, trainers: { bowl: new BowlTrainer() }, workFolder: join(folder, 'work') });
  const activities = createActivities(deps);
  const workflowBundle = await bundled('../workflows/index.ts');
  return await Worker.create({ connection, taskQueue: 'ours', workflowBundle, activities });
}

async function fanOutWorker(connection: NativeConnection): Promise<Worker> {
  const workflowBundle = await bundled('./fan-out-workflow.ts');
  return await Worker.create({ connection, taskQueue: 'theirs', workflowBundle, activities: { noop: async () => {} } });
}

async function bundled(path: string) {
  const workflowsPath = fileURLToPath(new URL(path, import.meta.url));
  return await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
}
