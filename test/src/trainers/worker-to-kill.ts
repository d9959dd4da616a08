/** A worker that runs one job, for a test that kills it: `worker-to-kill.ts FOLDER COMMAND...`. */
import { ProcessTrainer } from '../../../src/trainers/process-trainer.js';

const [folder = '', ...command] = process.argv.slice(2);
const trainer = new ProcessTrainer({ python: () => Promise.reject(new Error('not needed')) });

await trainer.train(
  {
    folder,
    command,
    estimator: '',
    data: { train: 'train.parquet', validation: 'validation.parquet' },
    label: 'late',
    features: [],
    parameters: {},
    seed: 7,
    timeoutMs: 600_000,
  },
  { signal: new AbortController().signal, progress: () => undefined },
);
