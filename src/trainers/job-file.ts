import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TrainingJob } from './trainer.js';

export const JOB_FILE = 'job.json';
export const OUTPUT_FOLDER = 'output';
export const CHECKPOINTS_FOLDER = 'checkpoints';

/** Writes the job into its folder as the job contract wants it (python/README.md), with the folders that it names. */
export async function writeJobFile(job: TrainingJob): Promise<void> {
  for (const folder of [OUTPUT_FOLDER, CHECKPOINTS_FOLDER])
    await mkdir(path.join(job.folder, folder), { recursive: true });
  const { resume, code, warmStart } = job;
  const content = {
    data: { train: path.resolve(job.data.train), validation: path.resolve(job.data.validation) },
    ...placelessJob(job),
    waitForCheckpoints: true,
    graceSeconds: job.graceMs / 1000,
    ...(resume && { resume: { checkpoint: `${CHECKPOINTS_FOLDER}/${resume.name}`, step: resume.step } }),
    ...(code && { code: path.resolve(code.folder) }),
    ...(job.keepState && { keepState: true }),
    ...(warmStart && { warmStart: { state: warmStart.name, maxTrees: warmStart.maxTrees } }),
  };
  await writeFile(path.join(job.folder, JOB_FILE), `${JSON.stringify(content, null, 2)}\n`);
}

/** What a job file says of the job on whatever machine. */
export function placelessJob(job: TrainingJob) {
  return {
    schemaVersion: 1,
    task: job.task,
    label: job.label,
    features: job.features.map(({ name, type }) => ({ name, type })),
    estimator: job.estimator,
    parameters: job.parameters,
    seed: job.seed,
    timeBudgetSeconds: job.timeoutMs / 1000,
    output: OUTPUT_FOLDER,
    checkpoints: CHECKPOINTS_FOLDER,
    checkpointEvery: job.checkpointEvery,
  };
}
