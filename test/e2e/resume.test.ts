import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttemptRecord } from '../../src/domain/attempt.js';
import type { ModelBundle } from '../../src/domain/model.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { Random } from '../../src/statistics/random.js';
import { readManifest } from '../../src/stores/blobs.js';
import { estimatorTraining, type EstimatorTraining } from '../support/estimator-training.js';
import { stepTraining, type DoneSteps, type StartedTraining, type StepTraining } from '../support/step-training.js';
import { trainingWorkers, type TrainingWorkers } from '../support/training-workers.js';
import { until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

/** `PERENNIAL_KILLS` sets how many (100 in `npm run nightly`), `PERENNIAL_KILL_SEED` when they come. */
const KILLS = Number(process.env['PERENNIAL_KILLS'] ?? 30);
const SEED = Number(process.env['PERENNIAL_KILL_SEED'] ?? Date.now() % 1_000_000);
const OF_ESTIMATORS = Math.ceil(KILLS / 3);
const EVERY = 10;
const TRAINING = { steps: 150, stepMs: 10, checkpointEvery: EVERY };
const BOOSTING = { estimator: 'gradient-boosting', checkpointEvery: EVERY, parameters: { max_iter: 300 } } as const;
const LIGHTGBM = { estimator: 'lightgbm', checkpointEvery: EVERY, parameters: { n_estimators: 300 } } as const;
const OVERHEAD_MS = 300_000;

let world: World;
let workers: TrainingWorkers;
let steps: StepTraining;
let estimators: EstimatorTraining;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  workers = await trainingWorkers(world, { spare: true });
  [steps, estimators] = await Promise.all([stepTraining(world, workers), estimatorTraining(world, workers)]);
});
afterAll(async () => {
  await workers?.close();
  await world?.stop();
});

it(
  `kill -9 of the worker at ${KILLS - OF_ESTIMATORS} random moments: each costs one checkpoint interval at most, and the model is the same`,
  async () => {
    const start = (name: string) => steps.start(name, TRAINING);
    const quiet = await undisturbed(await start('quiet'));
    expect(quiet.attempts).toMatchObject([{ attempt: 1, end: 'done', steps: { done: TRAINING.steps, repeated: 0 } }]);
    const lost = await killAtRandom({
      kills: KILLS - OF_ESTIMATORS,
      seed: SEED,
      start: (count) => start(`killed-${count}`),
      ended: async (training, { bundle, attempts }) => {
        expectSame(bundle, quiet.bundle);
        await tellsTheTruth(training, attempts);
        return lostSteps(await training.attempts());
      },
    });
    expect(Math.max(...lost), `seed ${SEED}`).toBeLessThanOrEqual(EVERY);
    expect(lost.length, `seed ${SEED}`).toBeGreaterThan(0);
    expect(await progressLeft()).toEqual([]);
  },
  OVERHEAD_MS + KILLS * 10_000,
);

it(
  `the same of ${OF_ESTIMATORS} random moments while shipped estimators train`,
  async () => {
    const kinds: ModelSpecInput['trainer'][] = [BOOSTING, LIGHTGBM];
    const quiet: Ended[] = [];
    for (const [index, kind] of kinds.entries())
      quiet.push(await undisturbed(await estimators.start(`quiet-estimator-${index}`, kind)));
    const lost = await killAtRandom({
      kills: OF_ESTIMATORS,
      seed: SEED + 1,
      start: (count) => estimators.start(`killed-estimator-${count}`, kinds[count % kinds.length]),
      ended: async (training, { bundle, attempts }, count) => {
        expectSame(bundle, quiet[count % kinds.length]?.bundle);
        expectLost(attempts);
        // The machine of the one that came to an end is clean.
        return lostSteps([...(await training.attempts()), { after: attempts.at(-1)?.from?.step ?? 0, did: [] }]);
      },
    });
    expect(Math.max(...lost), `seed ${SEED}`).toBeLessThanOrEqual(EVERY);
    expect(lost.length, `seed ${SEED}`).toBeGreaterThan(0);
    expect(await progressLeft()).toEqual([]);
  },
  OVERHEAD_MS + KILLS * 10_000,
);

it('a store that is slower than the training: it waits, so that a kill costs one interval then too', async () => {
  const training = await estimators.start('slow', BOOSTING);
  const slow = await workers.worker({ checkpoints: 1 });
  await until('the training waits, or has gone on without', async () => {
    const { step = 0, message = '' } = (await training.progress()) ?? {};
    // The first is stored, if late.
    return (step === 2 * EVERY && message.includes('waiting until its checkpoint is stored')) || step > 2 * EVERY;
  });
  await slow.end('SIGKILL');
  const worker = await workers.worker();
  const { attempts = [] } = await training.result();
  await worker.end('SIGTERM');
  expect(attempts).toMatchObject([
    { end: 'lost', steps: { done: 2 * EVERY } },
    { end: 'done', from: { step: EVERY }, steps: { repeated: EVERY } },
  ]);
}, 120_000);

interface Ended {
  readonly bundle: ModelBundle;
  readonly attempts: readonly AttemptRecord[];
}

interface Kills<T extends StartedTraining> {
  readonly kills: number;
  readonly seed: number;
  start(count: number): Promise<T>;
  /** Checks what came of a training; the steps that each of its attempts but the first had to do again. */
  ended(training: T, end: Ended, count: number): Promise<readonly number[]>;
}

/** Kills workers, each at a random moment of a training, until there were so many; what every kill has cost. */
async function killAtRandom<T extends StartedTraining>({ kills, seed, start, ended }: Kills<T>): Promise<number[]> {
  const random = new Random(seed);
  const lost: number[] = [];
  let worker = await workers.worker();
  try {
    for (let count = 1, killed = 0; killed < kills; count += 1) {
      const training = await start(count);
      let isOver = false;
      const end = endOf(training).finally(() => (isOver = true));
      for (let begun = 0; killed < kills; begun = await countBegun(training)) {
        // One in four may come before the trainer does anything.
        if (random.uniform() > 0.25)
          await until('the trainer is at work', async () => isOver || (await countBegun(training)) > begun);
        await sleep(random.uniform() * 700);
        if (isOver) break;
        await worker.end('SIGKILL');
        killed += 1;
        worker = await workers.worker();
      }
      lost.push(...(await ended(training, await end, count)));
    }
  } finally {
    await worker.end('SIGTERM');
  }
  process.stdout.write(`seed ${seed}: ${kills} kills, steps lost ${lost.join(' ')}\n`);
  return lost;
}

async function countBegun(training: StartedTraining): Promise<number> {
  return (await training.attempts()).filter(({ did }) => did.length > 0).length;
}

async function endOf(training: StartedTraining): Promise<Ended> {
  const { bundle, attempts = [] } = await training.result();
  return { bundle: await readManifest<ModelBundle>(world.store, bundle), attempts };
}

async function undisturbed(training: StartedTraining): Promise<Ended> {
  const worker = await workers.worker();
  const end = await endOf(training);
  await worker.end('SIGTERM');
  expect(end.attempts).toMatchObject([{ attempt: 1, end: 'done' }]);
  return end;
}

function expectSame(made: ModelBundle, quiet: ModelBundle | undefined): void {
  expect(made.onnx.sha256, `seed ${SEED}`).toBe(quiet?.onnx.sha256);
  expect(made.points?.sha256, `seed ${SEED}`).toBe(quiet?.points?.sha256);
}

/** For each trainer but the last, the steps of it that the next one did again. */
function lostSteps(attempts: readonly DoneSteps[]): number[] {
  return attempts
    .slice(1)
    .map(({ after }, index) => (attempts[index]?.did.at(-1) ?? attempts[index]?.after ?? 0) - after);
}

function expectLost(attempts: readonly AttemptRecord[]): void {
  expect(attempts.at(-1)).toMatchObject({ end: 'done' });
  expect(attempts.slice(0, -1).every(({ end }) => end === 'lost')).toBe(true);
  expect(attempts.every(({ steps }) => (steps?.repeated ?? 0) <= EVERY)).toBe(true);
  // On a busy machine one that lives may be taken for dead, and be given the training again.
  if (attempts.length > 1) expect(new Set(attempts.map(({ worker }) => worker)).size).toBeGreaterThan(1);
}

/** What the records say against what the trainers have noted. */
async function tellsTheTruth(training: StartedTraining, attempts: readonly AttemptRecord[]): Promise<void> {
  const noted = await training.attempts();
  expectLost(attempts);
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
