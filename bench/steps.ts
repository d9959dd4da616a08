import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { startTemporal } from '../src/dev/temporal.js';
import type { trainingRun } from '../workflows/training-run.js';
import { fakeActivities, fakePlan } from '../test/support/fake-activities.js';
import type { bare } from './bare-workflow.js';
import { median } from './median.js';
import type { BenchRow } from './row.js';

/** Activities of a run that is held: ingest, validate, split, train, evaluate, judge, register, record. */
const STEPS = 8;
const ROUNDS = 40;

/**
 * What a run costs in Temporal beyond its activities: a `trainingRun` with activities that do nothing, against the same
 * number of such activities in a bare workflow, on one server, interleaved. Wall time of one workflow, start to result.
 */
export async function benchSteps(): Promise<BenchRow[]> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const temporal = await startTemporal();
  const [connection, clientConnection] = await Promise.all([
    NativeConnection.connect({ address: temporal.address }),
    Connection.connect({ address: temporal.address }),
  ]);
  const client = new Client({ connection: clientConnection });
  const worker = (taskQueue: string, path: string, activities: object) =>
    bundled(connection, taskQueue, path, activities);
  try {
    const hold = async () => ({ verdict: 'HOLD' as const, reason: 'A bench.', rules: [] });
    const [ours, theirs] = await Promise.all([
      worker('ours', '../workflows/index.ts', fakeActivities({ 'perennial.judge': hold })),
      worker('theirs', './bare-workflow.ts', { noop: async () => {} }),
    ]);
    const rows = await ours.runUntil(theirs.runUntil(() => race(client)));
    return rows;
  } finally {
    await Promise.all([connection.close(), clientConnection.close()]);
    await temporal.stop();
  }
}

async function race(client: Client): Promise<BenchRow[]> {
  const oursMs: number[] = [];
  const theirsMs: number[] = [];
  for (let round = -5; round < ROUNDS; round++) {
    const [ours, theirs] = [await timed(() => runOurs(client, round)), await timed(() => runTheirs(client, round))];
    if (round < 0) continue;
    oursMs.push(ours);
    theirsMs.push(theirs);
  }
  const [ours, theirs] = [median(oursMs), median(theirsMs)];
  return [
    {
      name: `run of ${STEPS} steps, activities that do nothing`,
      ratio: ours / theirs,
      aim: 1.1,
      better: 'lower',
      ours,
      theirs,
      unit: 'ms',
    },
  ];
}

async function runOurs(client: Client, round: number): Promise<void> {
  await client.workflow.execute<typeof trainingRun>('trainingRun', {
    workflowId: `ours-${round}`,
    taskQueue: 'ours',
    args: [{ model: 'bench', run: 1, plan: fakePlan, trigger: { kind: 'manual', by: 'bench', reason: 'bench' } }],
  });
}

async function runTheirs(client: Client, round: number): Promise<void> {
  await client.workflow.execute<typeof bare>('bare', {
    workflowId: `theirs-${round}`,
    taskQueue: 'theirs',
    args: [STEPS],
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function bundled(
  connection: NativeConnection,
  taskQueue: string,
  path: string,
  activities: object,
): Promise<Worker> {
  const workflowsPath = fileURLToPath(new URL(path, import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return await Worker.create({ connection, taskQueue, workflowBundle, activities });
}
