import { CheckpointKeeper } from './checkpoint-keeper.js';
import { followJob } from './follow-job.js';
import { writeJobFile } from './job-file.js';
import type { StartedJob } from './started-job.js';
import { endingFailure, outputFailure } from './trainer-failure.js';
import { OutputProblem, readOutput, VERSION_LENGTH } from './trainer-output.js';
import { readState } from './trainer-state.js';
import { TrainerWords } from './trainer-words.js';
import type { TrainerCallbacks, TrainingJob, TrainingOutput } from './trainer.js';

/**
 * Runs a job to its end, however its program is started: writes the job file, hears the program, and takes its output only
 * after it was checked. No process of the job is left then, and no checkpoint is being kept.
 *
 * @throws TrainerFailedError, TrainerTimeoutError, TrainerHostError, and the reason of an abort
 */
export async function runJob(
  job: TrainingJob,
  callbacks: TrainerCallbacks,
  start: () => Promise<StartedJob>,
): Promise<TrainingOutput> {
  const { signal } = callbacks;
  signal.throwIfAborted();
  await writeJobFile(job);
  const { words, keeper } = listeners(job, callbacks);
  try {
    const started = await start();
    const { ending, usage } = await followJob(started, {
      ...job,
      signal,
      words,
      used: (usage) => callbacks.usage?.(usage),
      ...(started.timesItself && { timeoutMs: Infinity }),
    });
    callbacks.usage?.(usage);
    if (ending.kind === 'aborted') throw signal.reason;
    const failed = endingFailure(job, ending, words, usage);
    if (failed !== undefined) throw failed;
    if (started.outputProblem !== undefined) throw outputFailure(job, started.outputProblem, words);
    return { ...(await output(job, words)), usage };
  } finally {
    await keeper.settle();
    words.end();
  }
}

function listeners(job: TrainingJob, callbacks: TrainerCallbacks) {
  const keeper: CheckpointKeeper = new CheckpointKeeper({
    folder: job.folder,
    keep: async (checkpoint) => await callbacks.checkpoint?.(checkpoint),
    note: (line) => words.log(line),
  });
  const words = new TrainerWords({
    progress: (progress) => callbacks.progress(progress),
    point: (step, values) => callbacks.point?.(step, values),
    ...(callbacks.log && { log: (line) => callbacks.log?.(line) }),
    checkpoint: (folder, step) => keeper.offer(folder, step),
    secrets: job.secrets,
  });
  return { words, keeper };
}

async function output(job: TrainingJob, words: TrainerWords): Promise<Omit<TrainingOutput, 'usage'>> {
  try {
    const read = await readOutput(job.folder);
    const shown = Object.entries(read.versions).map(([name, version]) => [name, words.clean(version, VERSION_LENGTH)]);
    const found = { ...read, versions: Object.fromEntries(shown) as Record<string, string> };
    return job.keepState ? { ...found, state: await readState(job.folder) } : found;
  } catch (error) {
    if (error instanceof OutputProblem) throw outputFailure(job, error.message, words);
    throw error;
  }
}
