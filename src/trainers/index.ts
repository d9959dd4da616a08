import { ActivityTrainer } from './activity-trainer.js';
import { ProcessTrainer, type ProcessTrainerOptions } from './process-trainer.js';
import { PythonTrainer } from './python-trainer.js';
import { RayTrainer } from './ray-trainer.js';
import type { RemoteTransfers } from './remote-transfers.js';
import type { Trainer } from './trainer.js';

export interface BuiltInTrainersOptions extends ProcessTrainerOptions {
  /** How jobs reach other machines. Without it there are no trainers that train elsewhere. */
  readonly transfers?: RemoteTransfers;
}

/** The trainers that come with Perennial, by the kind that a spec names. A new kind: one file here and one line below. */
export function builtInTrainers({ transfers, ...options }: BuiltInTrainersOptions): Readonly<Record<string, Trainer>> {
  const here: Trainer[] = [new PythonTrainer(options), new ProcessTrainer(options)];
  const trainers = transfers ? [...here, new ActivityTrainer({ transfers }), new RayTrainer({ transfers })] : here;
  return Object.fromEntries(trainers.map((trainer) => [trainer.kind, trainer]));
}
