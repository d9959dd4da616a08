import { z } from 'zod';
import { duration, name, size, variable } from './values.js';

const resources = z.strictObject({
  class: name
    .default('cpu')
    .describe('The kind of worker that trains: cpu, gpu, or a name of yours that workers declare.'),
  cpus: z.number().gt(0).max(1024).default(1).describe('Processors that one training keeps busy.'),
  gpus: z.int().min(0).max(64).default(0).describe('GPUs that one training needs.'),
  memory: size.optional().describe('Memory that one training needs. A worker admits no more than it has.'),
});

const limits = z.strictObject({
  memory: size.optional().describe('Most memory of a process of the trainer, and of all of them together.'),
  cpuTime: duration
    .optional()
    .describe('Most processor time of a process of the trainer, and of all of them together.'),
  fileSize: size.default('10GiB').describe('Largest file that the trainer may write.'),
  openFiles: z.int().min(16).max(1_048_576).default(1024).describe('Most files that a process may have open.'),
  processes: z.int().min(1).max(100_000).optional().describe('Most processes at once.'),
});

/** The program that fits the model, and what it may use. */
export const trainer = z.strictObject({
  kind: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe(
      'How it is run: python, process, activity, ray, or a name handed to the plugin. Default: process with a command, else python.',
    ),
  estimator: z
    .string()
    .min(1)
    .max(100)
    .default('gradient-boosting')
    .describe('A built-in estimator of perennial_trainer.'),
  code: z
    .string()
    .min(1)
    .max(4000)
    .optional()
    .describe('The folder of your own trainer, relative to the spec file; packed and pinned by its digest at apply.'),
  entry: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_./-]*\.py$/, 'a Python file inside trainer.code, such as train.py')
    .optional()
    .describe('The Python program in `code` that takes the job, for the kinds python, ray and activity.'),
  preload: z
    .array(z.string().regex(/^[A-Za-z_][\w.]{0,199}$/, 'the name of a Python module'))
    .max(50)
    .optional()
    .describe(
      'Modules that are imported once a worker and not once a job (kind python). Default: those of the estimator.',
    ),
  command: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Your own program on the job contract, instead of a built-in estimator; ./ and ../ are relative to `code`, without it to the spec file.',
    ),
  activity: z
    .strictObject({
      name: z.string().min(1).max(200).describe('The type of the activity.'),
      taskQueue: z.string().min(1).max(200).describe('The task queue on which your worker offers it.'),
    })
    .optional()
    .describe('For the kind activity: a Temporal activity of yours, in any SDK, that trains.'),
  ray: z
    .strictObject({
      address: z
        .union([
          z.string().regex(/^https?:\/\//, 'the URL of the dashboard, such as http://127.0.0.1:8265'),
          z.strictObject({ env: variable }),
        ])
        .default({ env: 'RAY_ADDRESS' })
        .describe("The cluster's dashboard, or the worker's environment variable that names it."),
      packages: z
        .array(z.string().min(1).max(200))
        .max(200)
        .optional()
        .describe('What Ray installs for the job (pip).'),
    })
    .optional()
    .describe('For the kind ray: the cluster that trains.'),
  parameters: z.record(z.string(), z.json()).default({}).describe('Hyperparameters, handed over as they are.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(7)
    .describe('Seeds the trainer and the sampling of rows: the same seed gives the same model.'),
  timeout: duration.default('30m').describe('Wall time after which the trainer is ended.'),
  grace: duration.default('10s').describe('Time to write a last checkpoint when the trainer is asked to end.'),
  checkpointEvery: z
    .int()
    .min(0)
    .default(0)
    .describe('Steps (trees, epochs) after which a built-in estimator writes a checkpoint. 0: never.'),
  warmStart: z
    .enum(['off', 'champion'])
    .default('off')
    .describe(
      "champion: goes on from the champion's trees on the new rows; n_estimators are added (lightgbm, xgboost).",
    ),
  maxTrees: z
    .int()
    .min(2)
    .max(100_000)
    .default(1000)
    .describe('With warmStart: most trees in all (for each class), beyond which a training begins anew.'),
  environment: z
    .record(variable, z.union([z.string().max(10_000), z.strictObject({ env: variable })]))
    .default({})
    .describe('Environment variables: a value, or `{ env: NAME }` for a secret that the worker has under that name.'),
  limits: limits.prefault({}).describe('What the trainer may use before it is ended.'),
  resources: resources.prefault({}).describe('What it needs, by which the worker is chosen.'),
});
