import { z } from 'zod';
import { column } from './values.js';

const metric = z
  .enum(['auc', 'brier', 'logLoss', 'accuracy', 'rmse', 'mae', 'r2'])
  .describe('binary: auc, brier, logLoss, accuracy. multiclass: logLoss, brier, accuracy. regression: rmse, mae, r2.');

export const evaluation = z.strictObject({
  metrics: z.array(metric).min(1).optional().describe('What is measured. Default: all metrics of the kind of task.'),
  blocks: z
    .array(column)
    .min(1)
    .optional()
    .describe(
      'Columns whose values name rows that hang together (a site and a day); resampled as one. Default: each row.',
    ),
  resamples: z.int().min(200).max(10_000).default(1000).describe('Bootstrap resamples behind every interval.'),
  confidence: z.number().min(0.5).max(0.999).default(0.95).describe('Confidence of every interval.'),
});

export const gate = z.strictObject({
  thresholds: z
    .array(z.strictObject({ metric, min: z.number().optional(), max: z.number().optional() }))
    .max(50)
    .default([])
    .describe('Bounds on the candidate alone.'),
  skill: z
    .strictObject({
      metric: metric.optional().describe('Default: auc (binary), logLoss (multiclass), rmse (regression).'),
    })
    .prefault({})
    .describe('The candidate must beat the trivial baseline in this metric, with confidence.'),
  champion: z
    .strictObject({
      metric: metric.optional().describe('Default: brier (binary), logLoss (multiclass), rmse (regression).'),
      rule: z
        .enum(['better', 'not-worse'])
        .default('better')
        .describe('Whether the candidate must be better than the champion, or only not worse by more than the margin.'),
      margin: z
        .number()
        .min(0)
        .default(0)
        .describe('How much worse still counts as not worse, in units of the metric.'),
    })
    .prefault({})
    .describe('The comparison with the model that answers users now, on the same rows.'),
  minimum: z
    .strictObject({ rows: z.int().min(1).default(200), blocks: z.int().min(2).default(30) })
    .prefault({})
    .describe('Below this the verdict is HOLD: not enough data.'),
});
