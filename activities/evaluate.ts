import type { Ref, Sha256 } from '../src/domain/artifact.js';
import type { Split } from '../src/domain/data.js';
import type { Evaluation, MetricName } from '../src/domain/evaluation.js';
import type { ModelBundle } from '../src/domain/model.js';
import { metricText } from '../src/domain/metric-facts.js';
import type { RunResult } from '../src/domain/run.js';
import { taskOf, type Task } from '../src/domain/task.js';
import { blockIds, readColumns } from '../src/data/columns.js';
import { InputRefusedError } from '../src/errors.js';
import { gateMetrics } from '../src/gates/index.js';
import { OnnxModel } from '../src/inference/onnx-model.js';
import { unfitInput } from '../src/inference/unfit-input.js';
import { evaluateInThread } from '../src/metrics/evaluate-in-thread.js';
import type { ModelSpec, StoredSpec } from '../src/spec/spec.js';
import { putManifest, readManifest, readManifestOf } from '../src/stores/blobs.js';
import type { ActivityDeps } from './deps.js';
import { againstItself } from './evaluate-itself.js';
import { evaluating } from './evaluated-task.js';

export interface EvaluateInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  readonly split: Ref;
  /** The candidate. */
  readonly bundle: Ref;
}

export interface Evaluated {
  readonly evaluation: Ref;
  /** The champion's version; 0 when there is none. */
  readonly champion: number;
  readonly metrics: RunResult['metrics'];
  readonly message: string;
}

/**
 * Scores candidate and champion on the same test rows, in the runtime that serves them, and measures both and their
 * difference by a block bootstrap. A champion that these rows cannot be given to is left out of the scores and named with
 * the reason: the spec has moved on, and a person must see it, but no run may fail of it.
 */
export async function evaluate(deps: ActivityDeps, input: EvaluateInput, signal: AbortSignal): Promise<Evaluated> {
  const { store, cache } = deps;
  const [{ spec }, split, candidate, { state }] = await Promise.all([
    readManifest<StoredSpec>(store, input.spec, { signal }),
    readManifest<Split>(store, input.split, { signal }),
    readManifest<ModelBundle>(store, input.bundle, { signal }),
    deps.ledger(input.model).read({ signal }),
  ]);
  const isChampion = state.champion?.bundle === input.bundle.sha256;
  const champion =
    state.champion &&
    !isChampion &&
    (await readManifestOf<ModelBundle>(store, 'bundle', state.champion.bundle, { signal }));
  const { task, evaluation: plan } = spec;
  const test = await cache.file(split.test.ref, { signal });
  const unfit = champion && (otherTask(champion, task.kind) ?? unfitInput(champion.inputs, split.columns, task.label));
  // The champion's inputs may be features no more, and are read as well.
  const championInputs = champion && unfit === undefined ? champion.inputs.map(({ name }) => name) : [];
  const kind = evaluating(task.kind);
  const label = kind.read(task.label);
  const columns = await readColumns(test, [...new Set([...task.features, label, ...championInputs])], { signal });
  const evaluated = kind.task({
    split,
    label: columns[task.label] ?? [],
    champion: champion && unfit === undefined ? taskOf(champion) : undefined,
  });
  const blocks = plan.blocks ? await blockIds(test, plan.blocks, { signal }) : rowBlocks(split.test.rows);
  const score = async (bundle: ModelBundle) =>
    await scored(await cache.file(bundle.onnx, { signal }), (model) =>
      evaluated.score(model, taskOf(bundle), columns, signal),
    );
  const [candidateScores, championAnswer] = await Promise.all([
    score(candidate),
    champion && (unfit ?? score(champion).catch(refusal)),
  ]);
  const championScores = championAnswer && typeof championAnswer !== 'string' ? championAnswer : undefined;

  const { resamples, confidence } = plan;
  const seed = spec.trainer.seed;
  const measured = await evaluateInThread(
    {
      kind: task.kind,
      labels: evaluated.labels,
      blocks,
      models: { candidate: candidateScores, ...(championScores && { champion: championScores }) },
      baseline: evaluated.baseline,
      metrics: measuredMetrics(spec),
      resamples,
      confidence,
      seed,
    },
    { signal },
  );
  const { candidate: candidateMetrics, champion: championMetrics, ...rest } = measured;
  const found: Evaluation = {
    kind: 'evaluation',
    schemaVersion: 1,
    model: input.model,
    split: input.split.sha256,
    resamples,
    confidence,
    seed,
    ...evaluated.facts,
    ...rest,
    candidate: { bundle: input.bundle.sha256, metrics: candidateMetrics },
    ...(state.champion && championMetrics && { champion: { ...pick(state.champion), metrics: championMetrics } }),
    ...(state.champion &&
      typeof championAnswer === 'string' && {
        championUnscored: {
          ...pick(state.champion),
          reason: championAnswer,
          ...(champion && taskOf(champion).kind !== task.kind && { otherTask: true as const }),
        },
      }),
  };
  const evaluation = state.champion && isChampion ? againstItself(found, state.champion) : found;
  return await keep(deps, spec, evaluation, state.champion?.version ?? 0, signal);
}

/** What the step gives when its candidate is the champion, and was measured before beside another one or none. */
export async function evaluatedAgain(
  deps: ActivityDeps,
  input: EvaluateInput,
  before: Evaluated,
  signal: AbortSignal,
): Promise<Evaluated | undefined> {
  const [{ spec }, evaluation, { state }] = await Promise.all([
    readManifest<StoredSpec>(deps.store, input.spec, { signal }),
    readManifest<Evaluation>(deps.store, before.evaluation, { signal }),
    deps.ledger(input.model).read({ signal }),
  ]);
  if (state.champion?.bundle !== input.bundle.sha256) return undefined;
  return await keep(deps, spec, againstItself(evaluation, state.champion), state.champion.version, signal);
}

async function keep(
  { store }: ActivityDeps,
  spec: ModelSpec,
  evaluation: Evaluation,
  champion: number,
  signal: AbortSignal,
): Promise<Evaluated> {
  const { candidate, champion: scored, difference } = evaluation;
  return {
    evaluation: await putManifest(store, 'evaluation', evaluation, { signal }),
    champion,
    metrics: {
      candidate: candidate.metrics,
      ...(scored && { champion: scored.metrics }),
      ...(difference && { difference }),
    },
    message: describe(evaluation, measuredMetrics(spec)),
  };
}

/** The gate may look at metrics that nobody asked to see. */
function measuredMetrics({ evaluation, gate }: ModelSpec): MetricName[] {
  return [...new Set([...evaluation.metrics, ...gateMetrics(gate)])];
}

/** A value that the champion's input cannot take is the rows' doing, a reason as good as a missing column. */
function refusal(error: unknown): string {
  if (error instanceof InputRefusedError) return error.message.replace(/^Cannot run the model: /, 'its ');
  throw error;
}

async function scored(file: string, score: (model: OnnxModel) => Promise<Float64Array>): Promise<Float64Array> {
  const model = await OnnxModel.load(file);
  try {
    return await score(model);
  } finally {
    await model.close();
  }
}

/** Half a sentence when a model answers another question than is asked now. */
function otherTask(bundle: ModelBundle, kind: Task['kind']): string | undefined {
  const its = taskOf(bundle).kind;
  return its === kind ? undefined : `it was trained for a ${its} task, and the task is ${kind} now`;
}

/** Without named blocks each row stands for itself. */
function rowBlocks(rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}

function pick({ version, bundle }: { readonly version: number; readonly bundle: Sha256 }) {
  return { version, bundle };
}

function describe(
  { candidate, champion, championUnscored, rows, blocks }: Evaluation,
  metrics: readonly MetricName[],
): string {
  const numbers = (metrics: Evaluation['candidate']['metrics'], name: MetricName) =>
    metrics[name] ? metricText(name, metrics[name].value) : '?';
  const each = metrics.map((name) => {
    const beside = champion ? ` (champion ${numbers(champion.metrics, name)})` : '';
    return `${name} ${numbers(candidate.metrics, name)}${beside}`;
  });
  const unscored = championUnscored ? `; champion not scored: ${championUnscored.reason}` : '';
  return `${each.join(', ')} on ${rows} rows in ${blocks} blocks${unscored}`;
}
