import { z } from 'zod';

/**
 * The model spec: one schema from which the types, the checks, the editors' JSON Schema and the defaults come.
 * `src/spec-file.ts` reads it from YAML and says where each problem stands; `defineModel` takes it from TypeScript.
 *
 * The message of a `regex` here says what is wanted and nothing else: `src/spec-issues.ts` puts "found ..., want" before
 * it. Descriptions are what editors show, and what a missing key is explained with.
 */

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, 1 to 63, not starting with a dash');
const text = z.string().regex(/\S/, 'text that is not blank').max(2000);
const column = z.string().regex(/\S/, 'the name of a column').max(200);
const duration = z
  .string()
  .max(30)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d|w)$/, 'a duration such as 500ms, 30s, 10m, 6h, 28d or 4w');
const share = z.number().gt(0).lt(1);
const format = z
  .enum(['csv', 'tsv', 'jsonl', 'parquet'])
  .describe('Default: by the ending of the name; .gz and .zst behind it say how it is packed.');
const variable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,99}$/, 'the name of an environment variable, such as ORDERS_TOKEN');

const objective = z.strictObject({
  statement: text.describe('What the model is for, in a sentence that business people agreed to.'),
  kpi: text.optional().describe('How the business sees whether it works.'),
});

const owners = z.strictObject({
  data: text.describe('Who acts when data breaks the contract.'),
  model: text.describe('Who acts when training or the gate fails.'),
  business: text.describe('Who owns the objective.'),
});

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
const source = z.discriminatedUnion('kind', [s3Source, fileSource, httpSource, postgresSource]);

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

const tableContract = z.strictObject({
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

const task = z.strictObject({
  kind: z.literal('binary').describe('Two classes; the label is true/false or 1/0.'),
  label: column.describe('The column to predict.'),
  features: z.array(column).min(1).max(2000).describe('The columns to predict from, in the order of the model inputs.'),
  eventTime: column.describe('When the row happened: a timestamp column of the training table.'),
  labelDelay: duration
    .default('0s')
    .describe('How long after its event time the label of a row is known; younger rows are left out.'),
});

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
const split = z.discriminatedUnion('by', [
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
    columns: keyColumns.describe('Columns that name a row, such as an id.'),
    ...byShare,
  }),
  z.strictObject({
    by: z.literal('stratified').describe('As hash, with the same shares of each class on every side.'),
    columns: keyColumns.describe('Columns that name a row, such as an id.'),
    ...byShare,
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
const trainer = z.strictObject({
  kind: z
    .string()
    .min(1)
    .max(100)
    .default('process')
    .describe('A trainer kind: process, or a name handed to the plugin.'),
  estimator: z
    .string()
    .min(1)
    .max(100)
    .default('gradient-boosting')
    .describe('A built-in estimator of perennial_trainer.'),
  command: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Your own program on the job contract, instead of a built-in estimator; ./ and ../ are relative to the spec file.',
    ),
  parameters: z.record(z.string(), z.json()).default({}).describe('Hyperparameters, handed over as they are.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(7)
    .describe('Seeds the trainer and the sampling of rows: the same seed gives the same model.'),
  timeout: duration.default('30m').describe('Wall time after which the trainer is ended.'),
});

const metric = z.enum(['auc', 'brier', 'logLoss', 'accuracy']);

const evaluation = z.strictObject({
  metrics: z.array(metric).min(1).default(['auc', 'brier', 'logLoss', 'accuracy']).describe('What is measured.'),
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

const gate = z.strictObject({
  thresholds: z
    .array(z.strictObject({ metric, min: z.number().optional(), max: z.number().optional() }))
    .max(50)
    .default([])
    .describe('Bounds on the candidate alone.'),
  skill: z
    .strictObject({ metric: metric.default('auc') })
    .prefault({})
    .describe('The candidate must beat the trivial baseline in this metric, with confidence.'),
  champion: z
    .strictObject({
      metric: metric.default('brier'),
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

const rollout = z.strictObject({
  kind: z.literal('direct').describe('Every server takes the new champion at once.'),
  timeout: duration.default('60s').describe('How long every live server has to answer with the new model.'),
});

const triggers = z.strictObject({
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

const doorAction = z.enum(['off', 'warn', 'block']);
const drift = z.strictObject({
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

const onOff = z.enum(['on', 'off']).default('on');
const cache = z.strictObject({ split: onOff, train: onOff, evaluate: onOff });

/** The whole spec. Parse with `defineModel` or `readSpecFile`, which also check what lies between the fields. */
export const modelSpecSchema = z.strictObject({
  version: z.literal(1).default(1).describe('Version of this format.'),
  name: name.describe('Names the model in the ledger, in workflow ids and in URLs.'),
  objective: objective.describe('What the model is for.'),
  owners: owners.describe('Who acts when something is wrong.'),
  sources: z
    .record(name, source)
    .refine((all) => Object.keys(all).length > 0, 'found no source, want at least one')
    .describe('Where data comes from, by a name of your choice.'),
  contract: z
    .union([z.string().min(1).max(4000), z.record(name, tableContract)])
    .default({})
    .describe('What the data must look like: a contract file (Open Data Contract Standard), or rules by source name.'),
  prepare: z
    .string()
    .min(1)
    .max(4000)
    .optional()
    .describe('An SQL file over the sources that gives the training table.'),
  task: task.describe('What is predicted, from what.'),
  drift: drift
    .prefault({})
    .describe('How new data and live requests are compared with what the champion learned from.'),
  split: split.describe('Which rows train, validate and test.'),
  trainer: trainer.prefault({}).describe('The program that fits the model.'),
  evaluation: evaluation.prefault({}).describe('How candidate and champion are measured.'),
  gate: gate.prefault({}).describe('What a candidate must show before it may become champion.'),
  rollout: rollout.default({ kind: 'direct', timeout: '60s' }).describe('How a new champion takes the traffic.'),
  triggers: triggers.prefault({}).describe('When to ask for training.'),
  cache: cache.prefault({}).describe('Which steps may take the result of an earlier run on the very same inputs.'),
});

/** A model spec as people write it: what has a default may be left out. */
export type ModelSpecInput = z.input<typeof modelSpecSchema>;
/** A model spec with every default filled in. */
export type ModelSpec = z.output<typeof modelSpecSchema>;
export type SourceSpec = ModelSpec['sources'][string];

/** The short form of a contract, written in the spec itself. */
export type InlineContract = Exclude<ModelSpec['contract'], string>;
export type TableContract = InlineContract[string];
export type ColumnRule = TableContract['columns'][string];
export type TaskSpec = ModelSpec['task'];
export type SplitSpec = ModelSpec['split'];

export type TimeSplit = Extract<SplitSpec, { by: 'time' }>;
export type DriftSpec = ModelSpec['drift'];
export type EvaluationSpec = ModelSpec['evaluation'];
export type GateSpec = ModelSpec['gate'];
export type MetricName = EvaluationSpec['metrics'][number];

/**
 * What `apply` stores and a run works from: the spec with the text of the SQL it names. The program files of
 * `trainer.command` are not in it: those must be where the worker runs.
 */
export interface StoredSpec {
  readonly spec: ModelSpec;
  /** The text of `prepare`, when the spec names one. */
  readonly prepareSql?: string;
  /** The contract file that `contract` names, read as JSON and checked against the standard's schema. */
  readonly contractFile?: Readonly<Record<string, unknown>>;
}
