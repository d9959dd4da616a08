import { z } from 'zod';
import type { CodeBundle } from './domain/code.js';
import type { MetricName } from './domain/evaluation.js';
import { taskMetrics } from './domain/metric-facts.js';

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
const size = z
  .string()
  .max(30)
  .regex(/^\d+(\.\d+)?\s?(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)$/, 'a size such as 500MiB, 4GiB or 2GB');
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
const scalarParameter = z.union([z.string().max(200), z.number(), z.boolean()]);

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

const trainer = z.strictObject({
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

const dimension = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('float'),
    low: z.number(),
    high: z.number(),
    log: z.boolean().default(false),
    step: z.number().gt(0).optional(),
    when: z.record(z.string(), z.array(scalarParameter).min(1)).optional(),
  }),
  z.strictObject({
    type: z.literal('int'),
    low: z.int(),
    high: z.int(),
    log: z.boolean().default(false),
    step: z.int().min(1).optional(),
    when: z.record(z.string(), z.array(scalarParameter).min(1)).optional(),
  }),
  z.strictObject({
    type: z.literal('categorical'),
    values: z.array(scalarParameter).min(1).max(1000),
    when: z.record(z.string(), z.array(scalarParameter).min(1)).optional(),
  }),
]);

const search = z.strictObject({
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
        .describe('Trials of the newest earlier search over the same space count as known.'),
    })
    .prefault({}),
});

const cost = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'a currency such as EUR')
    .default('EUR'),
  cpuHour: z.number().min(0).default(0).describe('Money for one processor over one hour of work.'),
  memoryGibHour: z.number().min(0).default(0).describe('Money for one GiB of memory over one hour.'),
  gpuHour: z.number().min(0).default(0).describe('Money for one GPU over one hour.'),
  gib: z.number().min(0).default(0).describe('Money for one GiB read from or written to the store.'),
});

const metric = z
  .enum(['auc', 'brier', 'logLoss', 'accuracy', 'rmse', 'mae', 'r2'])
  .describe('binary: auc, brier, logLoss, accuracy. multiclass: logLoss, brier, accuracy. regression: rmse, mae, r2.');

const evaluation = z.strictObject({
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

const gate = z.strictObject({
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
const cache = z.strictObject({ split: onOff, search: onOff, train: onOff, evaluate: onOff });

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
  search: search.optional().describe('Search for hyperparameters before the model is trained.'),
  cost: cost.prefault({}).describe('What computing costs, by which runs are told their price.'),
  evaluation: evaluation.prefault({}).describe('How candidate and champion are measured.'),
  gate: gate.prefault({}).describe('What a candidate must show before it may become champion.'),
  rollout: rollout.default({ kind: 'direct', timeout: '60s' }).describe('How a new champion takes the traffic.'),
  triggers: triggers.prefault({}).describe('When to ask for training.'),
  cache: cache.prefault({}).describe('Which steps may take the result of an earlier run on the very same inputs.'),
});

/** A model spec as people write it: what has a default may be left out. */
export type ModelSpecInput = z.input<typeof modelSpecSchema>;
/** A model spec that the schema has accepted: defaults that hang on other fields are still open. */
export type ParsedSpec = z.output<typeof modelSpecSchema>;
/** A model spec with every default filled in. */
export type ModelSpec = Omit<ParsedSpec, 'evaluation' | 'gate'> & {
  readonly evaluation: EvaluationSpec;
  readonly gate: GateSpec;
};
export type SourceSpec = ModelSpec['sources'][string];

/** The short form of a contract, written in the spec itself. */
export type InlineContract = Exclude<ModelSpec['contract'], string>;
export type TableContract = InlineContract[string];
export type ColumnRule = TableContract['columns'][string];
export type TaskSpec = ModelSpec['task'];
export type SplitSpec = ModelSpec['split'];
export type TrainerSpec = ModelSpec['trainer'];
export type SearchSpec = NonNullable<ModelSpec['search']>;

export type TimeSplit = Extract<SplitSpec, { by: 'time' }>;
export type DriftSpec = ModelSpec['drift'];
type ParsedGate = ParsedSpec['gate'];
export type EvaluationSpec = ParsedSpec['evaluation'] & { metrics: MetricName[] };
export type GateSpec = ParsedGate & {
  skill: ParsedGate['skill'] & { metric: MetricName };
  champion: ParsedGate['champion'] & { metric: MetricName };
};

/** Fills in the defaults that hang on the kind of the task, in the order of the schema: people read it. */
export function withTaskDefaults(spec: ParsedSpec): ModelSpec {
  const defaults = taskMetrics[spec.task.kind];
  const { metrics = [...defaults.metrics], ...evaluation } = spec.evaluation;
  const { metric = defaults.champion, ...champion } = spec.gate.champion;
  return {
    ...spec,
    evaluation: { metrics, ...evaluation },
    gate: {
      ...spec.gate,
      skill: { metric: spec.gate.skill.metric ?? defaults.skill },
      champion: { metric, ...champion },
    },
  };
}

/**
 * What `apply` stores and a run works from: the spec with the text of the SQL it names, and the digest of the code. Without
 * `trainer.code` the program files of `trainer.command` are not in it: those must be where the worker runs.
 */
export interface StoredSpec {
  readonly spec: ModelSpec;
  /** The text of `prepare`, when the spec names one. */
  readonly prepareSql?: string;
  /** The packed folder that `trainer.code` names. */
  readonly code?: CodeBundle;
  /** The contract file that `contract` names, read as JSON and checked against the standard's schema. */
  readonly contractFile?: Readonly<Record<string, unknown>>;
}
