/** A worker that runs one job, for a test that kills it: `worker-to-kill.ts FOLDER COMMAND...`. */
import { ProcessTrainer } from '../../../src/trainers/process-trainer.js';
import { jobIn } from './job-in.js';

const [folder = '', ...command] = process.argv.slice(2);
const trainer = new ProcessTrainer({ python: () => Promise.reject(new Error('not needed')) });

await trainer.train(
  { ...jobIn(folder), command, timeoutMs: 600_000 },
  { signal: new AbortController().signal, progress: () => undefined },
);
