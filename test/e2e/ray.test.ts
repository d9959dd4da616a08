import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonEnv } from '../../src/dev/tools.js';
import { runId } from '../../src/domain/run.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { startRay, type TestRay } from '../support/ray.js';
import { toyDays } from '../support/toy-data.js';
import { until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

let world: World;
let ray: TestRay;
let worker: ChildWorker | undefined;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  ray = await startRay();
  worker = await startWorker();
}, 300_000);
afterAll(async () => {
  await worker?.stop();
  await Promise.all([world?.stop(), ray?.stop()]);
});

/** The spec leaves it to the worker which cluster that is. */
async function startWorker(): Promise<ChildWorker> {
  return await startChildWorker({ ...world.environment, RAY_ADDRESS: ray.address });
}

async function applyToy(model: string, trainer: ModelSpecInput['trainer']): Promise<void> {
  await world.applyToy(model, toyDays(14), { trainer: { kind: 'ray', ...trainer } });
}

/** Jobs that the cluster has had for a model. */
async function jobsOf(model: string): Promise<{ readonly submission_id: string; readonly status: string }[]> {
  const answer = await fetch(`${ray.address}/api/jobs/`);
  const jobs = (await answer.json()) as Awaited<ReturnType<typeof jobsOf>>;
  return jobs.filter(({ submission_id: id }) => id.startsWith(`perennial-${model}-1-`));
}

describe('a run whose training is done on a Ray cluster', { timeout: 120_000 }, () => {
  it('goes from the spec to a champion, and leaves nothing in the store that lets anybody in', async () => {
    await applyToy('toy-ray', { parameters: { max_iter: 20 }, resources: { cpus: 1 } });
    await world.client.requestTraining('toy-ray');
    const result = await world.client.runResult('toy-ray', 1);
    expect(result).toMatchObject({ verdict: 'PROMOTE', version: 1, champion: 1 });
    expect(result.metrics.candidate['auc']?.value).toBeGreaterThan(0.7);
    const { training, steps } = await world.client.run('toy-ray', 1);
    expect(training).toMatchObject({ kind: 'ray', estimator: 'gradient-boosting', seed: 7 });
    expect(training?.versions).toHaveProperty('scikit-learn');
    expect(training, 'what is known of another machine').not.toHaveProperty('machine');
    expect(steps?.['train']?.attempts).toMatchObject([{ end: 'done', usage: { cpuSeconds: expect.any(Number) } }]);
    expect(await jobsOf('toy-ray')).toMatchObject([{ status: 'SUCCEEDED' }]);
    expect(await stagingKeys()).toEqual([]);
  });

  it('follows the same job after kill -9 of the worker: it is trained once', async () => {
    const [begun, slow] = [join(world.folder, 'begun'), join(world.folder, 'slow')];
    await writeFile(slow, '');
    const { python } = await pythonEnv();
    const script = `echo begun >> '${begun}'; while [ -f '${slow}' ]; do sleep 0.1; done; exec '${python}' -m perennial_trainer "$0"`;
    await applyToy('toy-ray-killed', { command: ['sh', '-c', script], parameters: { max_iter: 20 } });
    await world.client.requestTraining('toy-ray-killed');
    await until('training begins', () => existsSync(begun));
    const [job] = await jobsOf('toy-ray-killed');
    expect(job?.status).toBe('RUNNING');

    const killed = worker?.pid;
    await worker?.kill();
    worker = await startWorker();
    const next = `${worker.pid}@`;
    await until('the next worker has the training', async () => {
      const { raw } = await world.temporal.client.workflow.getHandle(runId('toy-ray-killed', 1)).describe();
      return raw.pendingActivities?.some(({ lastWorkerIdentity }) => lastWorkerIdentity?.startsWith(next)) === true;
    });
    expect(await jobsOf('toy-ray-killed')).toEqual([job]);
    await rm(slow);
    expect(await world.client.runResult('toy-ray-killed', 1)).toMatchObject({ verdict: 'PROMOTE', version: 1 });

    expect(await jobsOf('toy-ray-killed')).toMatchObject([{ submission_id: job?.submission_id, status: 'SUCCEEDED' }]);
    expect(await readFile(begun, 'utf8')).toBe('begun\n');
    const { steps } = await world.client.run('toy-ray-killed', 1);
    expect(steps?.['train']?.attempts).toMatchObject([
      { end: 'lost', worker: expect.stringMatching(`^${killed}@`) },
      { end: 'done', worker: expect.stringMatching(`^${next}`) },
    ]);
    expect(await stagingKeys()).toEqual([]);
  });
});

async function stagingKeys(): Promise<string[]> {
  const keys = [];
  for await (const { key } of world.store.list('staging/')) keys.push(key);
  return keys;
}
