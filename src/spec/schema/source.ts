import { z } from 'zod';
import { column, duration, text, variable } from './values.js';

const format = z
  .enum(['csv', 'tsv', 'jsonl', 'parquet'])
  .describe('Default: by the ending of the name; .gz and .zst behind it say how it is packed.');

/** What every kind of source has beside its own. */
const anySource = {
  format: format.optional(),
  eventTime: z
    .union([
      z.strictObject({ column: column.describe('The timestamp column of this table.') }),
      z.strictObject({
        key: z
          .string()
          .max(500)
          .regex(/\{yyyy\}/, 'a pattern with {yyyy}, and {MM}, {dd}, {HH} as far as the name has them')
          .describe('Where the time stands in the name of an object, for example `dt={yyyy}-{MM}-{dd}/`.'),
      }),
    ])
    .optional()
    .describe('When the rows of this table happened. Default: the column of `task.eventTime`, where it is there.'),
};

const s3Source = z.strictObject({
  kind: z.literal('s3'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name: 3 to 63 lower-case letters, digits, dots and dashes')
    .describe('The bucket, at the endpoint that the worker is configured with.'),
  prefix: z.string().max(1000).default('').describe('Only objects whose keys start with this.'),
  ...anySource,
});

const fileSource = z.strictObject({
  kind: z.literal('file'),
  path: z.string().min(1).max(4000).describe('A file, or a folder of files; relative to the spec file.'),
  ...anySource,
});

const httpSource = z.strictObject({
  kind: z.literal('http'),
  urls: z
    .array(
      z
        .string()
        .max(2000)
        .regex(/^https?:\/\//i, 'a URL that begins with http:// or https://'),
    )
    .min(1)
    .max(1000)
    .describe('The files, one URL each.'),
  headers: z
    .record(z.string().max(100), z.strictObject({ env: variable }))
    .default({})
    .describe('Headers whose values the worker has in environment variables: `Authorization: { env: ORDERS_TOKEN }`.'),
  maxBytes: z
    .int()
    .min(1)
    .default(10 * 1024 ** 3)
    .describe('Most bytes of one file; a longer one is refused.'),
  timeout: duration.default('30m').describe('Longest time that one file may take.'),
  ...anySource,
});

const postgresSource = z.strictObject({
  kind: z.literal('postgres'),
  connection: variable
    .default('PERENNIAL_POSTGRES_URL')
    .describe("The worker's environment variable that holds the connection string."),
  query: text.max(20_000).describe('One SELECT, without a semicolon; it gives the rows of this table.'),
  cursor: column.describe('A column of the query that grows with every new row: a serial number or the time of entry.'),
  lag: duration
    .default('0s')
    .describe(
      'Rows younger than this are left for the next run, when `cursor` is a time: late commits come in by then.',
    ),
  eventTime: anySource.eventTime,
});

/** Where the rows of one table come from. */
export const source = z.discriminatedUnion('kind', [s3Source, fileSource, httpSource, postgresSource]);
