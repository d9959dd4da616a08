import { mkdir } from 'node:fs/promises';
import type { Split } from '../domain/data.js';
import type { SplitSpec, TaskSpec } from '../spec/spec.js';
import { createAsOf } from './as-of-macro.js';
import { withDuckDb } from './duckdb.js';
import { writingOptions, type DataJobOptions } from './job-options.js';
import { checkLeaks, type LeakCheck } from './leak-check.js';
import { preparedTable, type TaskColumns } from './prepared-table.js';
import { createTables, type SourceTables } from './source-tables.js';
import { cutSides } from './splits/index.js';
import { createTraining } from './training-table.js';
import { writeSides, type SplitFile } from './write-sides.js';

export interface SplitInput {
  /** All sources of the spec, by name. */
  readonly tables: SourceTables;
  /** One SELECT over the tables. Without it the only table is taken as it is. */
  readonly sql?: string;
  readonly task: TaskColumns & Pick<TaskSpec, 'labelDelay'>;
  readonly spec: SplitSpec;
  /** Chooses the training rows when there are more than `maxTrainRows`. */
  readonly seed: number;
  /** Rows of any source with this event time (ISO 8601) or a later one do not exist. Default: all rows. */
  readonly asOf?: string;
  /** `false`: the features are not checked against the future. */
  readonly checkLeaks?: boolean;
  /** Gets `train.parquet`, `validation.parquet` and `test.parquet`; made when it is not there. */
  readonly outFolder: string;
}

/** The facts of a {@link Split} without the digests of what went in. */
export interface SplitFacts extends Pick<Split, 'columns' | 'task'> {
  readonly train: SplitFile;
  readonly validation: SplitFile;
  readonly test: SplitFile;
  /** Absent when it was not asked for. */
  readonly leakCheck?: LeakCheck;
}

/**
 * Prepares the training table and splits it as the spec says, without writing the whole table. The rows of each file are
 * sorted by event time, then by all other columns, and the same rows always give the same bytes; a binary label is BOOLEAN.
 * Rows whose label is not known yet, `task.labelDelay` before the newest row of the training table, are in no file.
 *
 * @throws {PrepareFailedError} for SQL or columns that do not do; {@link DataEmptyError} for a side without rows;
 *   {@link LeakingFeaturesError} for features that look into the future
 */
export async function prepareSplit(input: SplitInput, options: DataJobOptions = {}): Promise<SplitFacts> {
  await mkdir(input.outFolder, { recursive: true });
  const files = Object.values(input.tables).flatMap(({ parts }) => parts.map(({ file }) => file));
  return withDuckDb(writingOptions(files, input.outFolder, options), async (db) => {
    const tables = sqlTables(input);
    await createTables(db, tables, input.asOf);
    await createAsOf(db);
    const table = await preparedTable(db, { ...input, tables });
    const context = await createTraining(db, table, input);
    const { columns } = context;
    const sides = await cutSides(input.spec, context, testTable(input));
    const facts = { columns, ...(await writeSides(db, { ...input, columns, sides }, options)) };
    if (input.checkLeaks === false) return facts;
    const { task, asOf } = input;
    const leaks = { ...context, task, tables, sides, select: table.select, ...(asOf !== undefined && { asOf }) };
    return { ...facts, leakCheck: await checkLeaks(db, leaks) };
  });
}

/** What the SQL may see: a fixed test set is not mixed into what is learned from. */
function sqlTables({ tables, spec }: SplitInput): SourceTables {
  return Object.fromEntries(Object.entries(tables).filter(([name]) => spec.by !== 'fixed' || name !== spec.source));
}

function testTable({ tables, spec }: SplitInput) {
  return spec.by === 'fixed' ? tables[spec.source] : undefined;
}
