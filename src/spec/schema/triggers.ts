import { z } from 'zod';
import { duration } from './values.js';

/** When to ask for training. */
export const triggers = z.strictObject({
  schedule: z
    .strictObject({
      cron: z.string().max(200).describe('Five fields, for example `0 6 * * 1`: Mondays at six.'),
      timezone: z.string().min(1).max(100).default('UTC').describe('An IANA time zone, such as Europe/Berlin.'),
      paused: z.boolean().default(false).describe('Whether the schedule is made paused.'),
    })
    .optional()
    .describe('Ask for training at these times.'),
  cooldown: duration
    .default('0s')
    .describe('Least time after the start of a run before anything but a person may start another.'),
});
