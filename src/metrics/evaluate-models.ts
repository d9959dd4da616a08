import type { Estimate, Evaluation, MetricName, Metrics } from '../domain/evaluation.js';
import type { TaskKind } from '../domain/task.js';
import { blockBootstrap, onAllBlocks, type BlockStatistic } from '../statistics/block-bootstrap.js';
import { joinBlocks } from '../statistics/join-blocks.js';
import { percentileInterval } from '../statistics/percentile-interval.js';
import { checkedBlockCount } from './check-input.js';
import { taskMeasures } from './index.js';
import type { Labels, Metric } from './metric.js';

/** More blocks than this are joined at random before they are resampled: see `joinBlocks`. */
export const MOST_BLOCKS = 16_384;

export interface EvaluateModelsInput {
  readonly kind: TaskKind;
  /** One entry a row: see {@link Labels}. At least one row. */
  readonly labels: Labels;
  /** The block of each row, from 0 without gaps. Rows of one block hang together; blocks do not. */
  readonly blocks: Int32Array;
  /** Each model's scores: see `ScoredRows`. */
  readonly models: { readonly candidate: Float64Array; readonly champion?: Float64Array | undefined };
  /** What the trivial baseline always answers: the training rows' share of true labels, of each class, or mean label. */
  readonly baseline: readonly number[];
  readonly metrics: readonly MetricName[];
  readonly resamples: number;
  /** Of every interval, two-sided: 0.95 leaves 2.5 % out at each end. */
  readonly confidence: number;
  /** The same input and seed give the same numbers. */
  readonly seed: number;
}

/** The parts of an `Evaluation` that are computed from rows. Metrics that are not defined on them are left out. */
export interface EvaluatedModels extends Pick<
  Evaluation,
  'rows' | 'positives' | 'classRows' | 'blocks' | 'baseline' | 'skill'
> {
  readonly candidate: Metrics;
  readonly champion?: Metrics;
  readonly difference?: Metrics;
}

/** One metric of one model: the exact value and what it was in each resample. */
interface Measured {
  readonly value: number;
  readonly replicates: Float64Array;
}
type MeasuredModel = ReadonlyMap<MetricName, Measured>;

/**
 * Measures candidate, champion and trivial baseline on the same rows, with percentile intervals of the block bootstrap
 * for each and for the differences, all on the same resampled blocks.
 *
 * Pure and busy: 115,000 rows, 1,560 blocks, two models, four metrics and 1,000 resamples take 0.3 s. On a worker's
 * event loop use `evaluateInThread`.
 *
 * @throws {ModelUnusableError} for scores that are none, such as probabilities above 1
 * @throws {DataEmptyError} when there are no rows
 */
export function evaluateModels(input: EvaluateModelsInput): EvaluatedModels {
  const blocks = checkedBlockCount(input);
  const { labels, models } = input;
  const measures = taskMeasures[input.kind];
  const estimatesOf = (model: MeasuredModel): Metrics =>
    estimates(model, input.confidence, Math.min(blocks, MOST_BLOCKS));
  const [candidate, baseline, champion] = measure(input, blocks, [
    models.candidate,
    measures.baselineScores(labels, input.baseline),
    ...(models.champion === undefined ? [] : [models.champion]),
  ]) as [MeasuredModel, MeasuredModel, MeasuredModel | undefined]; // one for each model asked for
  return {
    rows: labels.length,
    ...measures.labelFacts(labels, input.baseline.length),
    blocks,
    candidate: estimatesOf(candidate),
    ...(champion && { champion: estimatesOf(champion) }),
    baseline: { ...measures.baseline(input.baseline), metrics: estimatesOf(baseline) },
    ...(champion && { difference: estimatesOf(minus(candidate, champion)) }),
    skill: estimatesOf(minus(candidate, baseline)),
  };
}

function measure(input: EvaluateModelsInput, blockCount: number, models: readonly Float64Array[]): MeasuredModel[] {
  const { labels, resamples, seed } = input;
  const blocks = joinBlocks({ of: input.blocks, count: blockCount }, MOST_BLOCKS, seed);
  const names = [...new Set(input.metrics)];
  const prepared = names.map((name) => metricOf(input.kind, name));
  const statistics: BlockStatistic[] = models.flatMap((scores) =>
    prepared.map((metric) => metric.prepare({ labels, scores }, blocks)),
  );
  const replicates = blockBootstrap(statistics, { blocks: blocks.count, resamples, seed });
  const measured = statistics.map((statistic, index) => ({
    value: onAllBlocks(statistic, blocks.count),
    replicates: replicates[index] as Float64Array, // one for each statistic
  }));
  return models.map(
    (_, model) => new Map(names.map((name, i) => [name, measured[model * names.length + i] as Measured])),
  );
}

function metricOf(kind: TaskKind, name: MetricName): Metric {
  const metric = taskMeasures[kind].metrics[name];
  if (!metric) throw new RangeError(`Cannot evaluate: a ${kind} task has no metric ${name}`);
  return metric;
}

function minus(model: MeasuredModel, other: MeasuredModel): MeasuredModel {
  return new Map(
    [...model].map(([name, mine]) => {
      const theirs = other.get(name) as Measured; // all models have the same metrics
      const replicates = mine.replicates.map((value, index) => value - (theirs.replicates[index] as number));
      return [name, { value: mine.value - theirs.value, replicates }];
    }),
  );
}

function estimates(model: MeasuredModel, confidence: number, blocks: number): Metrics {
  const found: Partial<Record<MetricName, Estimate>> = {};
  for (const [name, { value, replicates }] of model) {
    const interval = percentileInterval(replicates, confidence, blocks);
    if (Number.isFinite(value) && interval !== undefined) found[name] = { value, ...interval };
  }
  return found;
}
