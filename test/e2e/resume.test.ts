import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttemptRecord } from '../../src/domain/attempt.js';
import type { ModelBundle } from '../../src/domain/model.js';
import type { RunRecord } from '../../src/domain/run.js';
import { Random } from '../../src/statistics/random.js';
import { readManifest, readManifestOf } from '../../src/stores/blobs.js';
import { startChildWorker } from '../support/child-worker.js';
import { stepTraining, type StartedTraining, type StepTraining } from '../support/step-training.js';
import { toyDays } from '../support/toy-data.js';
import { until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

/** `PERENNIAL_KILLS` sets how many (100 in `npm run nightly`), `PERENNIAL_KILL_SEED` when they come. */
const KILLS = Number(process.env['PERENNIAL_KILLS'] ?? 30);
const SEED = Number(process.env['PERENNIAL_KILL_SEED'] ?? Date.now() % 1_000_000);
const TRAINING = { steps: 150, stepMs: 10, checkpointEvery: 10 };
const OVERHEAD_MS = 300_000;

let world: World;
let trainings: StepTraining;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  trainings = await stepTraining(world);
});
afterAll(async () => {
  await world?.stop();
});

it(
  `kill -9 of the worker at ${KILLS} random moments: each costs one checkpoint interval at most, and the model is the same`,
  async () => {
    const random = new Random(SEED);
    const quiet = await undisturbed();
    let kills = 0;
    const lost: number[] = [];
    for (let count = 1; kills < KILLS; count += 1) {
      const training = await trainings.start(`killed-${count}`, TRAINING);
      let ended = false;
      const result = training.result().finally(() => (ended = true));
      let worker = await trainings.worker();
      while (kills < KILLS) {
        const begun = (await training.attempts()).length;
        // One in four may come before the trainer has begun.
        if (random.uniform() > 0.25)
          await until('the trainer begins', async () => ended || (await training.attempts()).length > begun);
        await sleep(random.uniform() * 700);
        if (ended) break;
        await worker.end('SIGKILL');
        kills += 1;
        worker = await trainings.worker();
      }
      const { bundle, attempts = [] } = await result;
      await worker.end('SIGTERM');
      const made = await readManifest<ModelBundle>(world.store, bundle);
      expect(made.onnx.sha256, `seed ${SEED}`).toBe(quiet.onnx.sha256);
      expect(made.points?.sha256, `seed ${SEED}`).toBe(quiet.points?.sha256);
      lost.push(...(await lostSteps(training)));
      await tellsTheTruth(training, attempts);
    }
    process.stdout.write(`seed ${SEED}: ${kills} kills, steps lost ${lost.join(' ')}\n`);
    expect(Math.max(...lost), `seed ${SEED}`).toBeLessThanOrEqual(TRAINING.checkpointEvery);
    expect(lost.length, `seed ${SEED}`).toBeGreaterThan(0);
    expect(await progressLeft()).toEqual([]);
  },
  OVERHEAD_MS + KILLS * 10_000,
);

it('a shipped estimator that was killed between two checkpoints gives the same bytes as undisturbed', async () => {
  const model = 'grown';
  await world.applyToy(model, toyDays(14), { trainer: { checkpointEvery: 25, parameters: { max_iter: 500 } } });
  let worker = await startChildWorker(world.environment);
  try {
    await world.client.requestTraining(model);
    await until('a checkpoint is stored', async () => (await progressLeft()).some((key) => key.endsWith('.json')));
    await worker.kill();
    worker = await startChildWorker(world.environment);
    await world.client.runResult(model, 1);
    await world.client.requestTraining(model, { cache: false });
    await world.client.runResult(model, 2);
  } finally {
    await worker.stop();
  }
  const [undisturbed, killed] = await world.client.runs(model);
  expect(killed?.steps?.['train']?.attempts).toMatchObject([
    { end: 'lost', steps: { repeated: 0 } },
    { end: 'done', from: { step: expect.toSatisfy((step: number) => step > 0 && step % 25 === 0) } },
  ]);
  expect(undisturbed?.steps?.['train']?.attempts).toMatchObject([{ attempt: 1, end: 'done', steps: { done: 500 } }]);
  expect((await bundleOf(killed)).onnx.sha256).toBe((await bundleOf(undisturbed)).onnx.sha256);
}, 120_000);

async function bundleOf(record: RunRecord | undefined): Promise<ModelBundle> {
  return await readManifestOf<ModelBundle>(world.store, 'bundle', record?.evidence.bundle ?? '');
}

async function undisturbed(): Promise<ModelBundle> {
  const training = await trainings.start('quiet', TRAINING);
  const worker = await trainings.worker();
  const { bundle, attempts } = await training.result();
  await worker.end('SIGTERM');
  expect(attempts).toMatchObject([{ attempt: 1, end: 'done', steps: { done: TRAINING.steps, repeated: 0 } }]);
  expect(await training.attempts()).toHaveLength(1);
  return await readManifest<ModelBundle>(world.store, bundle);
}

/** For each trainer but the last, the steps of it that the next one did again. */
async function lostSteps(training: StartedTraining): Promise<number[]> {
  const attempts = await training.attempts();
  return attempts
    .slice(1)
    .map(({ after }, index) => (attempts[index]?.did.at(-1) ?? attempts[index]?.after ?? 0) - after);
}

/** What the records say against what the trainers have noted. */
async function tellsTheTruth(training: StartedTraining, attempts: readonly AttemptRecord[]): Promise<void> {
  const noted = await training.attempts();
  expect(attempts.at(-1)).toMatchObject({ end: 'done' });
  expect(attempts.slice(0, -1).every(({ end }) => end === 'lost')).toBe(true);
  expect(new Set(attempts.map(({ worker }) => worker)).size).toBe(attempts.length);
  // A worker may be killed before its trainer begins.
  const begun = attempts.filter(({ steps, end }) => steps !== undefined || end === 'done');
  for (const { from, steps } of begun) {
    const trainer = noted.findLast(({ after, did }) => after === (from?.step ?? 0) && did.length >= (steps?.done ?? 0));
    expect(trainer, JSON.stringify(attempts)).toBeDefined();
  }
  expect(attempts.at(-1)?.from?.step ?? 0).toBe(noted.at(-1)?.after);
}

async function progressLeft(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.store.list('progress/train/')) keys.push(key);
  return keys;
}
