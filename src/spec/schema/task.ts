import { z } from 'zod';
import { column, duration } from './values.js';

/** What is predicted, from what. */
export const task = z.strictObject({
  kind: z
    .enum(['binary', 'multiclass', 'regression'])
    .describe(
      'binary: the label is true/false or 1/0. multiclass: one of several texts or whole numbers. regression: a number.',
    ),
  label: column.describe('The column to predict.'),
  features: z.array(column).min(1).max(2000).describe('The columns to predict from, in the order of the model inputs.'),
  eventTime: column.describe('When the row happened: a timestamp column of the training table.'),
  labelDelay: duration
    .default('0s')
    .describe('How long after its event time the label of a row is known; younger rows are left out.'),
});
