import type { Split } from '../src/domain/data.js';
import type { Evaluation } from '../src/domain/evaluation.js';
import { taskOf, type Task, type TaskKind } from '../src/domain/task.js';
import type { ColumnData, ColumnRead } from '../src/data/columns.js';
import type { OnnxModel } from '../src/inference/onnx-model.js';
import { CLASS_NUMBERS, judgeClasses } from '../src/metrics/judge-classes.js';
import type { Labels } from '../src/metrics/metric.js';

/** The test rows' labels, and how models are scored against them. */
export interface EvaluatedTask {
  readonly labels: Labels;
  /** What the trivial baseline always answers. */
  readonly baseline: readonly number[];
  /** What the evaluation says of the task. */
  readonly facts: Pick<Evaluation, 'task'>;
  /** A model's scores, as the metrics of the task read them. */
  score(model: OnnxModel, task: Task, columns: ColumnData, signal: AbortSignal): Promise<Float64Array>;
}

interface Known {
  readonly split: Split;
  readonly label: ColumnData[string];
  readonly champion: Task | undefined;
}

interface Evaluating {
  /** How the label column is read. */
  read(label: string): ColumnRead;
  task(known: Known): EvaluatedTask;
}

const binary: Evaluating = {
  read: (label) => label,
  task: ({ split, label }) => ({
    labels: Uint8Array.from(label as ArrayLike<number>),
    baseline: [split.train.positiveShare ?? Number.NaN],
    facts: {},
    score: (model, _, columns, signal) => model.score(columns, { signal }),
  }),
};

const regression: Evaluating = {
  read: (name) => ({ name, as: 'double' }),
  task: ({ split, label }) => ({
    labels: Float64Array.from(label as ArrayLike<number>),
    baseline: [split.train.mean ?? Number.NaN],
    facts: { task: { kind: 'regression' } },
    score: (model, _, columns, signal) => model.score(columns, { signal, task: { kind: 'regression' } }),
  }),
};

/** Models are compared on the names of classes: those of the candidate and, behind them, those that only the champion knows. */
const multiclass: Evaluating = {
  read: (name) => ({ name, as: 'text' }),
  task({ split, label, champion }) {
    const own = classesOf(taskOf(split));
    const classes = [...new Set([...own, ...(champion ? classesOf(champion) : [])])];
    const numbers = new Map(classes.map((name, index) => [name, index]));
    const labels = Int32Array.from(label as readonly string[], (name) => numbers.get(name) ?? -1);
    const { classRows = [], rows } = split.train;
    return {
      labels,
      baseline: classes.map((_, index) => (classRows[index] ?? 0) / rows),
      facts: { task: { kind: 'multiclass', classes } },
      async score(model, task, columns, signal) {
        const scores = new Float64Array(labels.length * CLASS_NUMBERS);
        const its = classesOf(task);
        const order = its.map((name) => numbers.get(name) ?? -2); // of no row
        const take = (shares: Float64Array, from: number): void => {
          const rows = labels.subarray(from, from + shares.length / its.length);
          judgeClasses({ shares, classes: order, labels: rows }, scores, from * CLASS_NUMBERS);
        };
        await model.scoreChunks(task, columns, take, { signal });
        return scores;
      },
    };
  },
};

const kinds: Readonly<Record<TaskKind, Evaluating>> = { binary, multiclass, regression };

export function evaluating(kind: TaskKind): Evaluating {
  return kinds[kind];
}

function classesOf(task: Task): readonly string[] {
  return task.kind === 'multiclass' ? task.classes : [];
}
