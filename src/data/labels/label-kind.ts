import type { ColumnType, LabelFacts } from '../../domain/data.js';
import type { Task, TaskKind } from '../../domain/task.js';
import type { Db } from '../duckdb.js';
import { quoteName } from '../sql-text.js';
import type { SideName } from '../splits/sides.js';

/** The column that carries the label inside a job: a name that no column of a user has. */
export const LABEL_CODE = quoteName('\u0001label');

/** What labels are for one kind of task. */
export interface LabelKind {
  /** Types of the label column as the SQL gives it. */
  readonly types: readonly ColumnType[];
  /** What is wanted where the column has none of these types, or holds null. */
  readonly wants: string;
  readonly wantsInEach: string;
  /** The type in which the split keeps a label that comes in one of `types`. */
  storedAs(type: ColumnType): ColumnType;
  /** SQL for the code that stands for a label inside a job; null for null. */
  code(value: string, duckDbType: string): string;
  /** SQL for the stored label of a code. */
  stored(code: string): string;
  /** SQL condition on codes of rows whose label can be none, and how to say that it holds: `is neither 1 nor 0`. */
  readonly unusable?: { readonly where: string; readonly words: string };
  /** SQL condition on codes of rows that a model of these training rows can answer rightly. Default: all can be. */
  isLearnt?(label: string, train: string): string;
  /** What a code changes by when the same sum is made in another order. `fraction`: its last bits. */
  readonly compared: 'exactly' | 'fraction';
  /**
   * Looks at the labels that were written.
   *
   * @param files relations of the three sides
   * @throws {PrepareFailedError} for training labels that nothing can be learned from
   */
  facts(db: Db, label: string, files: Readonly<Record<SideName, string>>): Promise<SplitLabels>;
}

export interface SplitLabels {
  /** Absent: binary. */
  readonly task?: Task;
  readonly sides: Readonly<Record<SideName, LabelFacts>>;
}

export type LabelKinds = Readonly<Record<TaskKind, LabelKind>>;
