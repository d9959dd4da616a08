import { z } from 'zod';
import type { CodeBundle } from '../domain/code.js';
import type { MetricName } from '../domain/evaluation.js';
import { taskMetrics } from '../domain/metric-facts.js';
import { tableContract } from './schema/contract.js';
import { drift } from './schema/drift.js';
import { evaluation, gate } from './schema/gate.js';
import { search } from './schema/search.js';
import { source } from './schema/source.js';
import { split } from './schema/split.js';
import { task } from './schema/task.js';
import { trainer } from './schema/trainer.js';
import { triggers } from './schema/triggers.js';
import { duration, name, text } from './schema/values.js';

/**
 * The model spec: one schema from which the types, the checks, the editors' JSON Schema and the defaults come.
 * `src/spec/file.ts` reads it from YAML and says where each problem stands; `defineModel` takes it from TypeScript.
 *
 * The message of a `regex` here says what is wanted and nothing else: `src/spec/issues.ts` puts "found ..., want" before
 * it. Descriptions are what editors show, and what a missing key is explained with.
 */

const objective = z.strictObject({
  statement: text.describe('What the model is for, in a sentence that business people agreed to.'),
  kpi: text.optional().describe('How the business sees whether it works.'),
});

const owners = z.strictObject({
  data: text.describe('Who acts when data breaks the contract.'),
  model: text.describe('Who acts when training or the gate fails.'),
  business: text.describe('Who owns the objective.'),
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

const rollout = z.strictObject({
  kind: z.literal('direct').describe('Every server takes the new champion at once.'),
  timeout: duration.default('60s').describe('How long every live server has to answer with the new model.'),
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
