import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { contractOf } from '../src/contracts/index.js';
import { blockIds, readColumns } from '../src/data/columns.js';
import { ingestObject } from '../src/data/ingest.js';
import { inspectPart } from '../src/data/inspect-part.js';
import { prepareSplit } from '../src/data/split.js';
import { weekFile } from '../src/demo/weeks.js';
import type { Evaluation } from '../src/domain/evaluation.js';
import type { Verdict } from '../src/domain/verdict.js';
import { judge } from '../src/gates/index.js';
import { OnnxModel } from '../src/inference/onnx-model.js';
import { evaluateInThread } from '../src/metrics/evaluate-in-thread.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { hashFile } from '../src/stores/digest.js';
import { builtInTrainers } from '../src/trainers/index.js';

export interface PlainWeekOptions {
  readonly stored: StoredSpec;
  /** Has the week files that `weeks` names. */
  readonly folder: string;
  /** Weeks that the split needs, oldest first; the last is new. */
  readonly weeks: readonly number[];
  /** Interpreter that has perennial_trainer. */
  readonly python: string;
  /** Path of the ONNX file of the model to compare with; none for the first week. */
  readonly champion?: string;
  /** Where the new model stays. */
  readonly keepModel: string;
}

export interface PlainWeek {
  readonly verdict: Verdict;
  /** Wall time by step, in the order in which they ran. */
  readonly ms: Readonly<Record<'ingest' | 'validate' | 'split' | 'train' | 'evaluate' | 'judge', number>>;
}

/**
 * The work of one week as a script would do it: the same SQL, the same trainer process, the same scoring and bootstrap
 * as a run of Perennial, on local files, without Temporal, without a store, without a record of anything.
 */
export async function plainWeek(options: PlainWeekOptions): Promise<PlainWeek> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'plain-week-'));
  const ms: Record<string, number> = {};
  const step = async <T>(name: keyof PlainWeek['ms'], work: () => Promise<T> | T): Promise<T> => {
    const began = performance.now();
    const result = await work();
    ms[name] = performance.now() - began;
    return result;
  };
  try {
    const { stored, folder, weeks } = options;
    const files = weeks.map((week) => path.join(folder, weekFile(week)));
    const part = await step('ingest', () => ingestNewest(stored, files.at(-1) ?? '', scratch));
    await step('validate', () => check(stored, part));
    const split = await step('split', () => splitWeeks(stored, [...files.slice(0, -1), part.file], scratch));
    const model = await step('train', () => train(options, split, scratch));
    const evaluation = await step('evaluate', () => evaluate(options, split, model));
    const verdict = await step('judge', () => judge(evaluation, stored.spec.gate));
    return { verdict, ms: ms as PlainWeek['ms'] }; // every step has run
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type LocalPart = Awaited<ReturnType<typeof ingestNewest>>;
type LocalSplit = Awaited<ReturnType<typeof splitWeeks>>;

async function ingestNewest({ spec }: StoredSpec, file: string, scratch: string) {
  const [source = 'flights'] = Object.keys(spec.sources);
  const object = { id: path.basename(file), version: '1', bytes: (await stat(file)).size };
  const { sha256: sourceSha256 } = await hashFile(file);
  const input = { source, object, file, sourceSha256, eventTime: spec.task.eventTime };
  const converted = path.join(scratch, 'part.parquet');
  return { part: await ingestObject(input, converted), file: converted };
}

async function check(stored: StoredSpec, { part, file }: LocalPart): Promise<void> {
  const contract = contractOf(stored).tables[part.source];
  const { findings } = await inspectPart({ files: [file], table: part.source, ...(contract && { contract }) });
  if (findings.length > 0) throw new Error(`the week breaks its contract: ${findings[0]?.message}`);
}

async function splitWeeks({ spec, prepareSql }: StoredSpec, files: readonly string[], scratch: string) {
  return await prepareSplit({
    tables: { flights: { parts: files.map((file) => ({ file })), eventTime: spec.task.eventTime } },
    ...(prepareSql !== undefined && { sql: prepareSql }),
    task: spec.task,
    spec: spec.split,
    seed: spec.trainer.seed,
    // A script would not, and the engine does it only when the SQL is new.
    checkLeaks: false,
    outFolder: path.join(scratch, 'split'),
  });
}

async function train(options: PlainWeekOptions, split: LocalSplit, scratch: string): Promise<string> {
  const { spec } = options.stored;
  const trainer = builtInTrainers({ python: () => Promise.resolve(options.python) })['process'];
  const folder = path.join(scratch, 'job');
  await mkdir(folder);
  const output = await trainer?.train(
    {
      folder,
      name: 'plain',
      estimator: spec.trainer.estimator,
      data: { train: split.train.file, validation: split.validation.file },
      task: { kind: spec.task.kind },
      label: spec.task.label,
      features: spec.task.features.flatMap((name) => split.columns.filter((column) => column.name === name)),
      parameters: spec.trainer.parameters,
      seed: spec.trainer.seed,
      timeoutMs: 600_000,
      graceMs: 3000,
      limits: {},
      environment: {},
      secrets: [],
      checkpointEvery: 0,
    },
    { signal: new AbortController().signal, progress: () => {} },
  );
  if (!output) throw new Error('there is no built-in trainer of kind "process"');
  await copyFile(output.model, options.keepModel);
  return options.keepModel;
}

async function evaluate({ stored, champion }: PlainWeekOptions, split: LocalSplit, model: string): Promise<Evaluation> {
  const { task, evaluation: plan, trainer } = stored.spec;
  const columns = await readColumns(split.test.file, [...task.features, task.label]);
  const blocks = await blockIds(split.test.file, plan.blocks ?? []);
  const score = async (file: string) => {
    const onnx = await OnnxModel.load(file);
    try {
      return await onnx.score(columns);
    } finally {
      await onnx.close();
    }
  };
  const [candidateScores, championScores] = await Promise.all([
    score(model),
    champion === undefined ? undefined : score(champion),
  ]);
  const { resamples, confidence, metrics } = plan;
  const measured = await evaluateInThread({
    kind: 'binary',
    labels: Uint8Array.from(columns[task.label] as ArrayLike<number>),
    blocks,
    models: { candidate: candidateScores, ...(championScores && { champion: championScores }) },
    baseline: [split.train.positiveShare ?? 0],
    metrics,
    resamples,
    confidence,
    seed: trainer.seed,
  });
  const { candidate, champion: championMetrics, ...rest } = measured;
  return {
    kind: 'evaluation',
    schemaVersion: 1,
    model: stored.spec.name,
    split: '',
    resamples,
    confidence,
    seed: trainer.seed,
    ...rest,
    candidate: { bundle: '', metrics: candidate },
    ...(championMetrics && { champion: { bundle: '', metrics: championMetrics } }),
  };
}
