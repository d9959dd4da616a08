import { z } from 'zod';
import { column } from './values.js';

const doorAction = z.enum(['off', 'warn', 'block']);

/** How new data and live requests are compared with what the champion learned from. */
export const drift = z.strictObject({
  data: doorAction.default('warn').describe("What a shift of new data away from the champion's training data does."),
  skew: doorAction
    .default('warn')
    .describe("What a shift of live requests away from the champion's training rows does."),
  numbers: z.enum(['psi', 'js', 'ks', 'wasserstein']).default('psi').describe('How columns of numbers are compared.'),
  categories: z.enum(['psi', 'js', 'chi2']).default('psi').describe('How columns of text and booleans are compared.'),
  effect: z
    .number()
    .gt(0)
    .optional()
    .describe('Least size of a shift that counts. Default: 0.2 for psi, 0.1 for js, ks, wasserstein and chi2.'),
  falseDiscovery: z.number().gt(0).lt(1).default(0.05).describe('Share of false alarms among the alarms of one check.'),
  minRows: z.int().min(1).default(500).describe('With fewer rows on either side nothing is said.'),
  columns: z.array(column).min(1).optional().describe('Only these columns. Default: all.'),
});
