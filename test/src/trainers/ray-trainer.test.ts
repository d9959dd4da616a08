import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startMinio, type S3Server } from '../../../src/dev/minio.js';
import { rayEnv } from '../../../src/dev/tools.js';
import { ServiceUnreachableError, TrainerFailedError, TrainerTimeoutError } from '../../../src/errors.js';
import type { MinioStore } from '../../../src/stores/minio-store.js';
import { StoreTransfers } from '../../../src/stores/transfer-area.js';
import { RayTrainer } from '../../../src/trainers/ray-trainer.js';
import type { TrainerCallbacks, TrainingJob, TrainingOutput } from '../../../src/trainers/trainer.js';
import { PRELUDE } from '../../contracts/trainer-bench.js';
import { startRay, type TestRay } from '../../support/ray.js';
import { testStore } from '../../support/s3-subject.js';
import { jobIn } from './job-in.js';
import { toyRows } from '../../support/toy-rows.js';

describe('ray trainer, on a cluster of one node', () => {
  let ray: TestRay;
  let folder: string;
  let minio: S3Server;
  let store: MinioStore;
  beforeAll(async () => {
    [ray, minio] = await Promise.all([startRay(), startMinio()]);
    store = testStore(minio);
    await store.probe();
  }, 240_000);
  afterAll(async () => {
    await store.close();
    await Promise.all([ray.stop(), minio.stop()]);
  });
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'perennial-ray-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const train = async (changes: Partial<TrainingJob>, callbacks: Partial<TrainerCallbacks> = {}) => {
    const trainer = new RayTrainer({ transfers: new StoreTransfers(store) });
    const here = await mkdtemp(path.join(folder, 'job-'));
    const job = jobIn(here, {
      name: path.basename(folder),
      ...(await toyRows(folder)),
      parameters: { max_iter: 10 },
      place: { address: ray.address, cpus: 1 },
      timeoutMs: 120_000,
      ...changes,
    });
    return await trainer.train(job, {
      signal: new AbortController().signal,
      progress: () => undefined,
      ...callbacks,
    });
  };
  const script = async (code: string) => ({ command: [(await rayEnv(() => undefined)).python, '-c', PRELUDE + code] });
  const failed = (training: Promise<TrainingOutput>) =>
    training.then(
      () => undefined,
      (error: unknown) => error,
    );
  const staged = async () => {
    const keys: string[] = [];
    for await (const { key } of store.list('staging/')) keys.push(key);
    return keys;
  };

  test('a built-in estimator, comes back as a model, with progress and checkpoints on the way', async () => {
    const steps: number[] = [];
    const heard: string[] = [];
    const output = await train(
      { checkpointEvery: 5 },
      {
        checkpoint: ({ folder: kept, step }) => {
          expect(existsSync(kept)).toBe(true);
          steps.push(step);
          return Promise.resolve();
        },
        progress: ({ message }) => heard.push(message),
      },
    );
    expect(output.metrics['auc']).toBeGreaterThan(0.8);
    expect(output.usage.cpuSeconds).toBeGreaterThan(0);
    expect(existsSync(output.model)).toBe(true);
    expect(steps.length).toBeGreaterThan(0);
    expect(heard.join('\n')).toContain('done');
    expect(await staged()).toEqual([]);
  });

  test('a program that spreads its work over the cluster reaches it as the docs say', async () => {
    const output = await train(
      await script(`
import ray
ray.init("auto", logging_level="ERROR")
doubled = ray.get([ray.remote(num_cpus=0)(lambda each: 2 * each).remote(n) for n in range(20)])
model(); metrics('{"metrics":{"sum":%d},"versions":{}}' % sum(doubled))`),
    );
    expect(output.metrics).toMatchObject({ sum: 380 });
  });

  test('a trainer that fails, or leaves nothing, or takes too long, fails as it does here', async () => {
    const told = `say("a line", to=2); say({"error": {"code": "X.Y", "message": "no rows for token: hunter2"}}); sys.exit(1)`;
    const [error, nothing, late] = await Promise.all([
      failed(train({ ...(await script(told)), name: 'told' })),
      failed(train({ ...(await script('')), name: 'nothing' })),
      failed(train({ ...(await script('forever()')), name: 'late', timeoutMs: 1000, graceMs: 500 })),
    ]);
    expect(error).toBeInstanceOf(TrainerFailedError);
    expect(error).toMatchObject({ details: { reported: 'X.Y' } });
    expect((error as TrainerFailedError).message).toContain('no rows for token: ***');
    expect((error as TrainerFailedError).details['log']).toContain('a line');
    expect(nothing).toBeInstanceOf(TrainerFailedError);
    expect((nothing as TrainerFailedError).message).toContain('there is no output/model.onnx');
    expect(late).toBeInstanceOf(TrainerTimeoutError);
    expect(await staged()).toEqual([]);
  });

  test('aborted, the job is stopped there, with its last checkpoint kept', async () => {
    const aborter = new AbortController();
    const steps: number[] = [];
    const code = `
def last(*_):
    os.makedirs("checkpoints/a"); write("checkpoints/a/x", "x"); say({"checkpoint": "checkpoints/a", "step": 7}); os._exit(1)
signal.signal(signal.SIGTERM, last)
say({"progress": 0.5, "message": "begun"}); forever()`;
    const done = train(await script(code), {
      signal: aborter.signal,
      checkpoint: ({ step }) => Promise.resolve(void steps.push(step)),
      progress: ({ message }) => message === 'begun' && aborter.abort(new Error('cancelled')),
    });
    await expect(done).rejects.toThrow('cancelled');
    expect(steps).toEqual([7]);
    expect(await statuses()).toEqual(['STOPPED']);
  });

  test('a worker that shuts down, leaves the job to go on, and the next attempt follows it', async () => {
    const go = path.join(folder, 'go');
    const program = await script(`
say({"progress": 0.5, "message": "begun"})
while not os.path.exists(${JSON.stringify(go)}): time.sleep(0.05)
model(); metrics()`);
    const aborter = new AbortController();
    const shutdown = new Error('WORKER_SHUTDOWN');
    const first = asWorker(() =>
      train(program, {
        signal: aborter.signal,
        progress: ({ message }) => message === 'begun' && aborter.abort(shutdown),
      }),
    );
    await expect(first).rejects.toBe(shutdown);
    expect(await statuses()).toEqual(['RUNNING']);
    const second = train(program);
    await writeFile(go, '');
    expect((await second).metrics).toEqual({ auc: 0.8 });
    expect(await statuses()).toEqual(['SUCCEEDED']);
  });

  test('a cluster that is not there, can be tried again later', async () => {
    const error = await failed(train({ place: { address: 'http://127.0.0.1:9' } }));
    expect(error).toBeInstanceOf(ServiceUnreachableError);
    expect(await failed(train({ place: { address: 'ray://127.0.0.1:10001' } }))).toBeInstanceOf(TrainerFailedError);
  });

  /** The attempt is over, and its run is not. */
  function asWorker<T>(work: () => Promise<T>): Promise<T> {
    const describe = () => Promise.resolve({ status: { name: 'RUNNING' } });
    const client = { workflow: { getHandle: () => ({ describe }) } };
    const context = { client, info: { workflowExecution: { workflowId: 'run', runId: '1' } } };
    return asyncLocalStorage.run(context as unknown as Context, work);
  }

  async function statuses(): Promise<string[]> {
    // A program that has joined the cluster is a job of its own, without a submission.
    const jobs = (await (await fetch(`${ray.address}/api/jobs/`)).json()) as {
      submission_id: string | null;
      status: string;
    }[];
    const own = jobs.filter(({ submission_id: id }) =>
      id?.includes(path.basename(folder).replaceAll(/[^A-Za-z0-9_-]/g, '-')),
    );
    return own.map(({ status }) => status);
  }
});
