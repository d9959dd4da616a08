import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporalBinary } from '../../src/dev/tools.js';
import type { Checkpoint } from '../../src/domain/attempt.js';
import type { ModelBundle } from '../../src/domain/model.js';
import { runId } from '../../src/domain/run.js';
import { readManifest } from '../../src/stores/blobs.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { estimatorTraining, type EstimatorTraining } from '../support/estimator-training.js';
import { stepTraining, type StartedTraining, type StepTraining } from '../support/step-training.js';
import { toyDays } from '../support/toy-data.js';
import { trainingWorkers } from '../support/training-workers.js';
import { until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

/** Temporal's own wait between attempts is ten minutes: nothing here may depend on it. */
const TRAINING = { steps: 400, stepMs: 10, checkpointEvery: 150, patient: true };

let world: World;
let trainings: StepTraining;
let estimators: EstimatorTraining;
let workers: Awaited<ReturnType<StepTraining['worker']>>[] = [];
beforeAll(async () => {
  world = await startWorld({ worker: false });
  const machines = await trainingWorkers(world);
  trainings = await stepTraining(world, machines);
  estimators = await estimatorTraining(world, machines);
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGTERM')));
  workers = [];
});
afterAll(async () => {
  await world?.stop();
});

async function work() {
  const worker = await trainings.worker();
  workers.push(worker);
  return worker;
}

const didSteps = (training: StartedTraining, steps: number, attempt = 0) =>
  until(`attempt ${attempt} does ${steps} steps`, async () => {
    const { did = [] } = (await training.attempts())[attempt] ?? {};
    return did.length >= steps;
  });

describe('a training is handed over without loss', { timeout: 120_000 }, () => {
  it('when its worker is shut down: the last checkpoint is asked for, and another worker goes on at once', async () => {
    // Both are there before it begins: the training would not wait for one that starts late.
    const both = [await work(), await work()];
    const training = await trainings.start('shutdown', TRAINING);
    await didSteps(training, 20);
    const busy = await workerOf(training.workflowId);
    const first = both.find(({ pid }) => busy?.startsWith(`${pid}@`))!;
    const from = Date.now();
    workers = workers.filter((each) => each !== first);
    await first.end('SIGTERM');
    await until('the other worker goes on', async () => (await training.attempts()).length === 2);
    // Its own time would be up after ten minutes.
    expect(Date.now() - from).toBeLessThan(30_000);
    const { attempts = [] } = await training.result();
    const [before, after] = await training.attempts();
    const last = before?.did.at(-1) ?? 0;
    expect(after?.after).toBe(last);
    expect(attempts).toMatchObject([
      { attempt: 1, end: 'shutdown', worker: expect.stringMatching(`^${first.pid}@`), steps: { done: last } },
      { attempt: 2, end: 'done', from: { step: last }, steps: { done: TRAINING.steps - last, repeated: 0 } },
    ]);
  });

  it('when somebody pauses and unpauses the activity', async () => {
    const training = await trainings.start('paused', TRAINING);
    await work();
    await didSteps(training, 20);
    await activity('pause', training);
    await until('the attempt has ended', async () => (await stateOf(training)) === PAUSED);
    const did = (await training.attempts())[0]?.did.length;
    expect(await training.attempts()).toHaveLength(1);
    await activity('unpause', training);
    const { attempts = [] } = await training.result();
    expect(attempts).toMatchObject([
      { end: 'paused', steps: { done: did } },
      { end: 'done', from: { step: did }, steps: { repeated: 0 } },
    ]);
  });

  it('when somebody pauses and unpauses a built-in estimator, which finishes its segment', async () => {
    const trainer = { estimator: 'gradient-boosting', checkpointEvery: 100, parameters: { max_iter: 1500 } };
    const training = await estimators.start('paused-estimator', trainer);
    await work();
    await until('it has told a checkpoint', async () => ((await training.progress())?.step ?? 0) >= 100);
    await activity('pause', training);
    await until('the attempt has ended', async () => (await stateOf(training)) === PAUSED);
    await activity('unpause', training);
    const { attempts = [] } = await training.result();
    const did = attempts[0]?.steps?.done ?? 0;
    expect(did % trainer.checkpointEvery).toBe(0);
    expect(attempts).toMatchObject([
      { end: 'paused', steps: { repeated: 0 } },
      { end: 'done', from: { step: did }, steps: { done: 1500 - did, repeated: 0 } },
    ]);
  });

  it('when somebody resets the activity', async () => {
    const training = await trainings.start('reset', TRAINING);
    await work();
    await didSteps(training, 20);
    await activity('reset', training);
    const { attempts = [] } = await training.result();
    const did = (await training.attempts())[0]?.did.at(-1);
    expect(attempts).toMatchObject([
      { attempt: 1, end: 'reset', steps: { done: did } },
      { attempt: 2, end: 'done', from: { step: did }, steps: { repeated: 0 } },
    ]);
  });

  it('unless they clear its heartbeats with it: then it begins anew', async () => {
    const training = await trainings.start('cleared', { ...TRAINING, checkpointEvery: 10 });
    await work();
    await didSteps(training, 25);
    await activity('reset', training, '--clear-heartbeat-details');
    const { attempts } = await training.result();
    const [, second] = await training.attempts();
    expect(second).toMatchObject({ after: 0 });
    expect(second?.did).toHaveLength(TRAINING.steps);
    expect(attempts?.at(-1)).not.toHaveProperty('from');
  });
});

it('perennial worker that is told to end while a built-in estimator trains: another one goes on, and no tree is grown twice', async () => {
  const [model, trees] = ['grown', 1200];
  // Who waits for the end of its grace, and not of the trainer, is a minute late.
  const trainer = { checkpointEvery: 20, grace: '60s', parameters: { max_iter: trees } };
  await world.applyToy(model, toyDays(14), { trainer });
  const both = await Promise.all([startChildWorker(world.environment), startChildWorker(world.environment)]);
  let first: ChildWorker | undefined;
  try {
    await world.client.requestTraining(model);
    await until('a checkpoint is kept', async () => (await keptCheckpoints()).length > 0);
    const busy = await workerOf(runId(model, 1));
    first = both.find(({ pid }) => busy?.startsWith(`${pid}@`));
    expect(first).toBeDefined();
    const from = Date.now();
    await first?.stop();
    expect(Date.now() - from).toBeLessThan(30_000);
    await world.client.runResult(model, 1);
  } finally {
    await Promise.all(both.map((worker) => worker.stop()));
  }
  const second = both.find((worker) => worker !== first);
  const attempts = (await world.client.run(model, 1)).steps?.['train']?.attempts ?? [];
  const last = attempts[0]?.steps?.done ?? 0;
  expect(last % trainer.checkpointEvery).toBe(0);
  expect(last, 'it was ended, and did not train to its end first').toBeLessThan(trees - trainer.checkpointEvery);
  expect(attempts).toMatchObject([
    { attempt: 1, end: 'shutdown', worker: expect.stringMatching(`^${first?.pid}@`), steps: { done: last } },
    {
      attempt: 2,
      end: 'done',
      worker: expect.stringMatching(`^${second?.pid}@`),
      from: { step: last },
      steps: { done: trees - last, repeated: 0 },
    },
  ]);
}, 120_000);

it('a checkpoint that is damaged is passed over for the one before it, and the log of a killed attempt is kept', async () => {
  const training = await trainings.start('damaged', { ...TRAINING, checkpointEvery: 10, patient: false });
  const first = await work();
  await didSteps(training, 45);
  workers = [];
  await first.end('SIGKILL');
  const [newest, before] = await keptCheckpoints();
  expect(before!.step).toBe(newest!.step - 10);
  const { files } = await readManifest<Checkpoint>(world.store, newest!.checkpoint);
  await world.store.replace(files['state/hex']!.key, Buffer.from('something else'));
  await work();
  const { bundle, attempts = [], message } = await training.result();
  expect(message).toContain(`the checkpoint of step ${newest!.step} is damaged`);
  expect(attempts.at(-1)).toMatchObject({ from: { step: before!.step }, end: 'done' });
  const log = (await world.store.read(attempts.at(-1)!.log!.key)).toString();
  expect(log).toMatch(new RegExp(`^begins after step ${before!.step}\n`));
  expect(log).toMatch(/did step 400\n$/);
  const lost = attempts.find(({ end, log: left }) => end === 'lost' && left);
  expect((await world.store.read(lost!.log!.key)).toString()).toMatch(
    new RegExp(`^begins after step 0\n[^]*did step ${newest!.step}\n`),
  );
  const { points } = await readManifest<ModelBundle>(world.store, bundle);
  expect(points?.bytes).toBeGreaterThan(500);
});

/** Process id and host of the worker that trains in a run. */
async function workerOf(workflowId: string): Promise<string | null | undefined> {
  const { raw } = await world.temporal.client.workflow.getHandle(workflowId).describe();
  const training = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'perennial.train');
  return training?.lastWorkerIdentity;
}

async function keptCheckpoints() {
  for await (const { key } of world.store.list('progress/train/')) {
    if (!key.endsWith('.json')) continue;
    const { checkpoints } = JSON.parse((await world.store.read(key)).toString()) as {
      checkpoints: { step: number; checkpoint: { key: string; sha256: string; bytes: number } }[];
    };
    return checkpoints;
  }
  return [];
}

async function activity(command: string, { workflowId }: StartedTraining, ...more: string[]): Promise<void> {
  const where = ['--address', world.temporal.address, '--workflow-id', workflowId, '--activity-id', '1'];
  await promisify(execFile)(await temporalBinary(), ['activity', command, ...where, ...more]);
}

/** `PENDING_ACTIVITY_STATE_PAUSED`, after `PAUSE_REQUESTED`. */
const PAUSED = 4;

async function stateOf({ workflowId }: StartedTraining): Promise<number | null | undefined> {
  const { raw } = await world.temporal.client.workflow.getHandle(workflowId).describe();
  return raw.pendingActivities?.[0]?.state;
}
