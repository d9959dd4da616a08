import { z } from 'zod';
import { column, duration, name, share } from './values.js';

/** What every way of splitting has beside its own. */
const anySplit = {
  lookback: duration.default('0d').describe('Extra history before the first window that prepare may read.'),
  maxTrainRows: z.int().min(1).default(100_000).describe('Train on a seeded sample when there are more.'),
};

const window = z.union([duration, z.literal('all')]);

/** Splits by anything but time may look at the newest rows only, and cut shares out of them. */
const byShare = {
  last: window.default('all').describe('Only rows of this newest stretch of time, such as 90d.'),
  validation: share.default(0.1).describe('Share of the rows (of the groups) that validate.'),
  test: share.default(0.2).describe('Share of the rows (of the groups) that test.'),
  ...anySplit,
};

const keyColumns = z.array(column).min(1).max(20);
const byRow = { columns: keyColumns.describe('Columns that name a row, such as an id.'), ...byShare };

/** Which rows train, validate and test. */
export const split = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('time').describe('Windows of event time, so that nothing is learned from later than it is used.'),
    train: window
      .default('28d')
      .describe('Length of the training window before the validation window; `all` takes everything before it.'),
    validation: duration.default('1d').describe('Length of the validation window between train and test.'),
    test: duration.default('7d').describe('Length of the newest window, which candidate and champion are judged on.'),
    gap: duration.default('0d').describe('Time left out before the validation and before the test window.'),
    ...anySplit,
  }),
  z.strictObject({
    by: z.literal('group').describe('All rows of a group (a customer, a machine) on one side.'),
    columns: keyColumns.describe('Columns whose values together name a group.'),
    ...byShare,
  }),
  z.strictObject({
    by: z.literal('hash').describe('By a hash of key columns: a row keeps its side when others are added.'),
    ...byRow,
  }),
  z.strictObject({
    by: z.literal('stratified').describe('As hash, with the same shares of each class on every side.'),
    ...byRow,
  }),
  z.strictObject({
    by: z.literal('fixed').describe('A test set that never changes, kept in a source of its own.'),
    source: name.describe('The source that holds the test rows, in the columns of the training table.'),
    key: keyColumns.describe('Columns that name a row: rows of the test set are taken out of the others.'),
    last: window.default('all').describe('Only rows of this newest stretch of time train and validate.'),
    validation: share.default(0.1).describe('Share of the other rows that validate.'),
    ...anySplit,
  }),
]);
