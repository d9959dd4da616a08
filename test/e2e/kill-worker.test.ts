import { readFile, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonEnv } from '../../src/dev/tools.js';
import type { Usage } from '../../src/domain/attempt.js';
import { runId } from '../../src/domain/run.js';
import { LedgerLog } from '../../src/stores/ledger-log.js';
import { runCli } from '../src/cli/run-cli.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { toyDays } from '../support/toy-data.js';
import { exists, until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

let world: World;
let proxy: FaultProxy;
let environment: Readonly<Record<string, string>>;
let worker: ChildWorker | undefined;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  proxy = await startFaultProxy(world.minio.endpoint);
  environment = { ...world.environment, PERENNIAL_STORE: `${proxy.endpoint}/perennial` };
});
afterAll(async () => {
  await worker?.stop();
  await proxy.stop();
  await world.stop();
});

/** What must hold of a model whose only run was disturbed: one champion, one promotion, one record, nothing half. */
async function onePromotion(model: string): Promise<void> {
  const { entries, state } = await world.client.ledger(model);
  expect(entries.map(({ decision }) => decision.kind)).toEqual(['register', 'promote']);
  expect(state.champion?.version).toBe(1);
  expect(await new LedgerLog(world.store, model).verify()).toEqual([]);
  expect(await world.client.runs(model)).toMatchObject([{ run: 1, outcome: 'PROMOTE' }]);
  for await (const { key } of world.store.list('')) {
    if (/^(blobs|manifests|ledger|runs)\//.test(key)) await world.store.read(key);
  }
}

describe('kill -9 of the worker', () => {
  it('in the middle of training: the run ends by itself on the next worker, and no trainer is left', async () => {
    const [begun, slow] = [join(world.folder, 'begun'), join(world.folder, 'slow')];
    await writeFile(slow, '');
    const { python } = await pythonEnv();
    const script = `touch '${begun}'; while [ -f '${slow}' ]; do sleep 0.1; done; exec '${python}' -m perennial_trainer "$0"`;
    await world.applyToy('toy-kill-train', toyDays(14), { trainer: { command: ['sh', '-c', script] } });
    worker = await startChildWorker(environment);
    await world.client.requestTraining('toy-kill-train');
    await until('training begins', () => exists(begun));

    await worker.kill();
    await until('the trainer is gone', async () => (await processesWith(slow)) === 0);
    await rm(slow);
    worker = await startChildWorker(environment);
    const result = await world.client.runResult('toy-kill-train', 1);
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1 });
    const history = await world.temporal.client.workflow.getHandle(runId('toy-kill-train', 1)).fetchHistory();
    const attempts = history.events!.map(
      ({ activityTaskStartedEventAttributes }) => activityTaskStartedEventAttributes?.attempt ?? 0,
    );
    expect(Math.max(...attempts)).toBeGreaterThan(1);
    await onePromotion('toy-kill-train');
  });

  it('in the middle of training: the record has what both attempts used, and its price is of both', async () => {
    const model = 'toy-kill-cost';
    const [slow, used] = [join(world.folder, 'busy'), join(world.folder, 'used')];
    await Promise.all([writeFile(slow, ''), writeFile(used, '')]);
    const { python } = await pythonEnv();
    const script = `'${python}' -c "$BUSY" '${slow}' '${used}'; exec '${python}' -m perennial_trainer "$0"`;
    await world.applyToy(model, toyDays(14), {
      // A second of a processor is a euro, and nothing else costs anything.
      cost: { currency: 'EUR', cpuHour: 3600 },
      trainer: { command: ['sh', '-c', script], environment: { BUSY } },
    });
    worker ??= await startChildWorker(environment);
    await world.client.requestTraining(model);
    await until('the server has heard of its processor time', async () => (await toldCpuSeconds(model)) >= 2);
    const told = await toldCpuSeconds(model);
    await worker.kill();
    const killed = Number(await readFile(used, 'utf8'));
    await rm(slow);
    worker = await startChildWorker(environment);
    await world.client.runResult(model, 1);

    const { steps, cost } = await world.client.run(model, 1);
    const attempts = steps?.['train']?.attempts ?? [];
    expect(attempts).toMatchObject([{ end: 'lost' }, { end: 'done' }]);
    const [lost = 0, done = 0] = attempts.map(({ usage }) => usage.cpuSeconds);
    expect(lost).toBeGreaterThanOrEqual(told);
    expect(lost, 'no more than the trainer, and the worker beside it').toBeLessThan(killed + WORKER_CPU_SECONDS);
    expect(done).toBeGreaterThan(0.2);
    expect(cost?.byStep['train']).toBeCloseTo(lost + done, 4);
    expect(cost?.total).toBeGreaterThanOrEqual(cost?.byStep['train'] ?? Infinity);
    const shown = await runCli(['show', model, '1'], { env: world.environment });
    expect(shown.stdout).toMatch(new RegExp(`\\n *train +2 .* ${(lost + done).toFixed(1)} s `));
  });

  it.each([
    ['after the promotion was written but before anybody knew', 'apply-then-hang'],
    ['before the promotion was written', 'hang'],
  ] as const)('%s: there is one promotion and one champion', async (...[, fault]) => {
    const model = `toy-kill-${fault}`;
    await world.applyToy(model, toyDays(14));
    worker ??= await startChildWorker(environment);
    const path = new RegExp(`ledger/${model}/0+2[.]json`);
    proxy.rules({ fault, method: 'PUT', path });
    await world.client.requestTraining(model);
    await until('the promotion is on its way', () => proxy.log.length > 0);

    await worker.kill();
    proxy.rules();
    worker = await startChildWorker(environment);
    expect(await world.client.runResult(model, 1)).toMatchObject({ verdict: 'PROMOTE', champion: 1 });
    await onePromotion(model);
  });
});

/** Keeps a processor busy while a file is there, and writes down what it has used. */
const BUSY = `
import os, sys, time
while os.path.exists(sys.argv[1]):
    for _ in range(100_000): pass
    with open(sys.argv[2] + ".part", "w") as part: part.write(str(time.process_time()))
    os.replace(sys.argv[2] + ".part", sys.argv[2])`;

/** What a worker may use itself while it trains: it also starts in this time. */
const WORKER_CPU_SECONDS = 4;

/** What the last heartbeat of the training says that it has used. */
async function toldCpuSeconds(model: string): Promise<number> {
  const handle = world.temporal.client.workflow.getHandle(runId(model, 1));
  const described = await handle.describe().catch((error: unknown) => {
    // A run is promised a moment before it can be found.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
  const training = described?.raw.pendingActivities?.find(
    ({ activityType }) => activityType?.name === 'perennial.train',
  );
  const [payload] = training?.heartbeatDetails?.payloads ?? [];
  if (!payload?.data) return 0;
  const details = JSON.parse(Buffer.from(payload.data).toString()) as { current?: { usage: Usage } };
  return details.current?.usage.cpuSeconds ?? 0;
}

async function processesWith(text: string): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid,args']);
  return stdout.split('\n').filter((line) => line.includes(text) && !line.includes('ps -eo')).length;
}
