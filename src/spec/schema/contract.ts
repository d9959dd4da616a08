import { z } from 'zod';
import { column } from './values.js';

const scalar = z.union([z.string().max(2000), z.number(), z.boolean()]);

const bound = z.union([z.number(), z.string().max(100)]);

const columnRule = z.strictObject({
  type: z
    .enum(['string', 'integer', 'number', 'boolean', 'timestamp', 'date'])
    .describe('What the values are; integers may stand where numbers are wanted.'),
  required: z.boolean().default(true).describe('Whether a file without this column breaks the contract.'),
  maxNullShare: z.number().min(0).max(1).default(0).describe('Share of rows that may be empty.'),
  min: bound.optional().describe('Smallest value allowed (timestamps as ISO text).'),
  max: bound.optional().describe('Largest value allowed.'),
  values: z.array(scalar).min(1).optional().describe('The only values allowed.'),
  maxBadShare: z.number().min(0).max(1).default(0).describe('Share of rows that may break min, max or values.'),
});

/** What one table must look like: the short form of a contract, written in the spec itself. */
export const tableContract = z.strictObject({
  columns: z.record(column, columnRule).describe('By column name.'),
  otherColumns: z
    .enum(['allow', 'refuse'])
    .default('allow')
    .describe('What becomes of columns that are not named here.'),
  rows: z
    .strictObject({
      min: z.int().min(0).default(1).describe('Fewest rows of one new file.'),
      max: z.int().min(1).optional().describe('Most rows of one new file.'),
    })
    .prefault({}),
});
