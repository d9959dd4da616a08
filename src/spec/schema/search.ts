import { z } from 'zod';
import { duration, scalarParameter } from './values.js';

/** Values of another dimension beside which this one is there. */
const when = z.record(z.string(), z.array(scalarParameter).min(1)).optional();

const dimension = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('float'),
    low: z.number(),
    high: z.number(),
    log: z.boolean().default(false),
    step: z.number().gt(0).optional(),
    when,
  }),
  z.strictObject({
    type: z.literal('int'),
    low: z.int(),
    high: z.int(),
    log: z.boolean().default(false),
    step: z.int().min(1).optional(),
    when,
  }),
  z.strictObject({
    type: z.literal('categorical'),
    values: z.array(scalarParameter).min(1).max(1000),
    when,
  }),
]);

/** Which hyperparameters are tried, how many, and by which rule. */
export const search = z.strictObject({
  sampler: z
    .enum(['random', 'grid', 'tpe', 'cmaes', 'qmc'])
    .default('tpe')
    .describe('How the next hyperparameters are chosen. random and grid need no Python.'),
  trials: z.int().min(1).max(100_000).default(20).describe('Most trials.'),
  parallel: z.int().min(1).max(100).default(1).describe('Chunks of trials at the same time.'),
  metric: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('A metric of the trainer on the validation rows. Default: that of gate.champion.'),
  direction: z.enum(['minimize', 'maximize']).optional().describe('Default: by the metric, where it is a known one.'),
  budget: z
    .strictObject({
      time: duration.optional().describe('No trial begins after this time.'),
      money: z.number().gt(0).optional().describe('No trial begins when this is spent, by the rates under cost.'),
    })
    .prefault({}),
  pruner: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({
        kind: z.literal('halving').describe('Successive halving: at each rung the best share goes on.'),
        first: z.int().min(1).default(1).describe('Steps of the first rung.'),
        factor: z
          .int()
          .min(2)
          .max(10)
          .default(3)
          .describe('One in so many goes on to the next rung, which is so many times as long.'),
      }),
      z.strictObject({
        kind: z
          .literal('median')
          .describe('Stops a trial that is worse than the median of the others at the same step.'),
        warmup: z.int().min(0).default(0).describe('Steps before which no trial is stopped.'),
        after: z.int().min(1).default(5).describe('Trials that must have ended before one is stopped.'),
      }),
    ])
    .default({ kind: 'none' }),
  space: z
    .record(z.string().min(1).max(100), dimension)
    .refine((all) => Object.keys(all).length > 0, 'found no dimension, want at least one')
    .describe(
      'What is searched, by the name of the hyperparameter. `when: { other: [values] }` makes one conditional.',
    ),
  warmStart: z
    .strictObject({
      champion: z.boolean().default(true).describe("The first trial takes the champion's hyperparameters."),
      studies: z
        .boolean()
        .default(false)
        .describe(
          'Trials of the newest earlier search over the same space, by the same metric and pruner, count as known.',
        ),
    })
    .prefault({}),
});
