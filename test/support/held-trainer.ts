import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainerFailedError } from '../../src/errors.js';
import type { Trainer, TrainerCallbacks, TrainingJob, TrainingOutput } from '../../src/trainers/trainer.js';
import { binaryModel } from './onnx-models.js';

/** Takes trainings of the toy shop and holds them until a test says how each ends. */
export class HeldTrainer implements Trainer {
  readonly kind = 'held';
  /** All that have begun, in their order. */
  readonly begun: TrainingJob[] = [];
  /** The most that were under way at once. */
  most = 0;
  readonly #open = new Map<TrainingJob, (end: 'done' | 'failed') => void>();

  get underWay(): number {
    return this.#open.size;
  }

  async train(job: TrainingJob, { signal }: TrainerCallbacks): Promise<TrainingOutput> {
    this.begun.push(job);
    const ended = new Promise<'done' | 'failed'>((resolve, reject) => {
      this.#open.set(job, resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    this.most = Math.max(this.most, this.underWay);
    try {
      if ((await ended) === 'failed') throw new TrainerFailedError('It failed as it was told to');
    } finally {
      this.#open.delete(job);
    }
    const model = join(job.folder, 'model.onnx');
    const { onnx } = binaryModel({ weights: { price: -0.05, visits: 0.3 }, texts: { channel: { mail: 3 } } });
    await writeFile(model, onnx);
    return { model, metrics: {}, versions: {}, usage: {} };
  }

  /** Ends the training of a model. */
  end(model: string, how: 'done' | 'failed' = 'done'): void {
    for (const [job, end] of this.#open) if (job.name.startsWith(`${model}-`)) end(how);
  }
}
