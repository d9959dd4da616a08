import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineModel } from '../../src/define-model.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { putBlob, putManifest } from '../../src/stores/blobs.js';
import type { trainOnce } from '../fixtures/train-once.js';
import { binaryModel } from './onnx-models.js';
import { onePartSplit } from './one-part-split.js';
import { toySpec } from './toy-data.js';
import { trainingWorkers, type TrainingWorkers } from './training-workers.js';
import type { World } from './world.js';

export interface StepTraining extends Pick<TrainingWorkers, 'worker'> {
  /** Starts a training of so many steps. */
  start(name: string, options: StepTrainingOptions): Promise<StartedTraining>;
}

export interface StepTrainingOptions {
  readonly steps: number;
  readonly stepMs: number;
  readonly checkpointEvery: number;
  readonly trainer?: ModelSpecInput['trainer'];
  /** See `trainOnce`. */
  readonly patient?: boolean;
}

export interface StartedTraining {
  readonly workflowId: string;
  result(): ReturnType<typeof trainOnce>;
  /** What the trainers did, in order: for each the step after which it began and those that it did. */
  attempts(): Promise<readonly DoneSteps[]>;
}

export interface DoneSteps {
  readonly after: number;
  readonly did: readonly number[];
}

/** Trainings by `test/fixtures/step-trainer.mjs`. */
export async function stepTraining(world: World, workers?: TrainingWorkers): Promise<StepTraining> {
  const { worker, train } = workers ?? (await trainingWorkers(world));
  const base = join(world.folder, 'base.onnx');
  await writeFile(base, binaryModel({ weights: { price: 1 } }).onnx);
  const ref = await putBlob(world.store, Buffer.from('rows that nobody reads'));
  const split = await putManifest(world.store, 'split', onePartSplit(ref, 1, [{ name: 'price', type: 'number' }]));
  return {
    worker,
    async start(name, { steps, stepMs, checkpointEvery, trainer = {}, patient = false }) {
      const notes = join(world.folder, `${name}.notes`);
      await writeFile(notes, '');
      const command = [process.execPath, fileURLToPath(new URL('../fixtures/step-trainer.mjs', import.meta.url))];
      const model = defineModel(
        toySpec(name, world.folder, {
          task: { kind: 'binary', label: 'bought', features: ['price'], eventTime: 'visited' },
          trainer: { command, checkpointEvery, grace: '5s', ...trainer },
        }),
      );
      const input = {
        model: name,
        run: 1,
        spec: await putManifest(world.store, 'spec', { spec: model }),
        split,
        timeoutMs: 600_000,
        parameters: { steps, stepMs, notes, base },
      };
      const handle = await train(name, input, patient);
      return { workflowId: name, result: () => handle.result(), attempts: () => readNotes(notes) };
    },
  };
}

async function readNotes(file: string): Promise<DoneSteps[]> {
  const attempts: { after: number; did: number[] }[] = [];
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [word, number] = line.split(' ');
    if (word === 'begin') attempts.push({ after: Number(number), did: [] });
    if (word === 'step') attempts.at(-1)?.did.push(Number(number));
  }
  return attempts;
}
