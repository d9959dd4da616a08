/** A worker that runs one job, for a test that kills it: `worker-to-kill.ts KIND PYTHON JOB`, the job as JSON. */
import { builtInTrainers } from '../../../src/trainers/index.js';
import type { TrainingJob } from '../../../src/trainers/trainer.js';

const [kind = '', python = '', job = ''] = process.argv.slice(2);
const trainer = builtInTrainers({ python: () => Promise.resolve(python) })[kind];

// Written by the test.
await trainer?.train(JSON.parse(job) as TrainingJob, {
  signal: new AbortController().signal,
  progress: () => undefined,
});
