import { ProcessTrainer, type ProcessTrainerOptions } from './process-trainer.js';
import type { Trainer } from './trainer.js';

/** The trainers that come with Perennial, by the kind that a spec names. A new kind: one file here and one line below. */
export function builtInTrainers(options: ProcessTrainerOptions): Readonly<Record<string, Trainer>> {
  const process = new ProcessTrainer(options);
  return { [process.kind]: process, python: process };
}
