import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { blobKey } from '../domain/artifact.js';
import type { Column, Split, SplitPart } from '../domain/data.js';
import { DataEmptyError } from '../errors.js';
import type { SplitSpec, TaskSpec } from '../spec.js';
import { withDuckDb, type Db } from './duckdb.js';
import { hashFile } from '../stores/digest.js';
import { writingOptions, type DataJobOptions } from './job-options.js';
import {
  LABEL_CODE,
  mismatch,
  preparedTable,
  prepareStep,
  type PrepareInput,
  type PreparedTable,
} from './prepared-table.js';
import { quoteName, quoteText, readParquet } from './sql-text.js';
import { splitWindows, type SplitWindows, type TimeRange } from './windows.js';

export interface SplitInput {
  readonly spec: SplitSpec;
  readonly task: Pick<TaskSpec, 'label' | 'features' | 'eventTime'>;
  /** Chooses the training rows when there are more than `maxTrainRows`. */
  readonly seed: number;
  /** Gets `train.parquet`, `validation.parquet` and `test.parquet`; made when it is not there. */
  readonly outFolder: string;
}

export interface SplitFile extends SplitPart {
  readonly file: string;
}

/** The facts of a {@link Split} without the digests of what went in. */
export interface SplitFacts extends Pick<Split, 'columns'> {
  readonly train: SplitFile;
  readonly validation: SplitFile;
  readonly test: SplitFile;
}

/**
 * Prepares the training table and splits it by time, without writing the whole table. The rows of each file are sorted
 * by event time, then by all other columns, and the same rows always give the same bytes; the label is BOOLEAN.
 *
 * @throws {PrepareFailedError} for SQL or columns that do not do; {@link DataEmptyError} for a window without rows.
 */
export async function prepareSplit(
  input: PrepareInput & SplitInput,
  options: DataJobOptions = {},
): Promise<SplitFacts> {
  await mkdir(input.outFolder, { recursive: true });
  return withDuckDb(writingOptions(Object.values(input.tables).flat(), input.outFolder, options), async (db) => {
    return writeSplit(db, await preparedTable(db, input), input, options);
  });
}

/** As {@link prepareSplit}, for a training table that was written by `prepareTable`. */
export async function splitByTime(
  input: SplitInput & { readonly table: string },
  options: DataJobOptions = {},
): Promise<SplitFacts> {
  const { table, ...rest } = input;
  return prepareSplit({ ...rest, tables: { table: [table] } }, options);
}

async function writeSplit(
  db: Db,
  table: PreparedTable,
  input: SplitInput,
  options: DataJobOptions,
): Promise<SplitFacts> {
  await prepareStep(() => db.run(`CREATE TEMP TABLE training AS ${table.select}`), 'it failed while it ran');
  const windows = splitWindows(input.spec, await newestEvent(db, input.task));
  const counts = await countRows(db, windows, input.task);
  const write = async (name: keyof SplitWindows, limit?: number): Promise<SplitFile> => {
    const file = join(input.outFolder, `${name}.parquet`);
    await db.run(copyWindow(table.columns, windows[name], input, file, limit));
    const [[rows, positives] = []] = await db.rows(
      `SELECT count(*)::DOUBLE, count_if(${quoteName(input.task.label)})::DOUBLE FROM ${readParquet([file])}`,
    );
    const { sha256, bytes } = await hashFile(file, options);
    return {
      file,
      ref: { key: blobKey(sha256), sha256, bytes },
      rows: Number(rows),
      rowsInWindow: counts[name],
      ...windows[name],
      positiveShare: Number(positives) / Number(rows),
    };
  };
  const test = await write('test');
  const validation = await write('validation');
  const train = await write('train', counts.train > input.spec.maxTrainRows ? input.spec.maxTrainRows : undefined);
  if (train.positiveShare === 0 || train.positiveShare === 1) {
    throw mismatch(
      `the label "${input.task.label}" is ${train.positiveShare === 1} in all ${train.rows} training rows, want both classes`,
      input.task.label,
    );
  }
  return { columns: table.columns, train, validation, test };
}

async function newestEvent(db: Db, task: SplitInput['task']): Promise<string> {
  const time = quoteName(task.eventTime);
  const [[rows, noTime, newest] = []] = await db.rows(
    `SELECT count(*)::DOUBLE, count_if(${time} IS NULL)::DOUBLE,
       strftime(max(${time}) FILTER (isfinite(${time})), '%Y-%m-%dT%H:%M:%S.%gZ') FROM training`,
  );
  if (Number(rows) === 0) {
    throw new DataEmptyError('Cannot split the training table: it has no rows', {
      fix: 'Check the conditions in the SQL of `prepare`.',
    });
  }
  if (Number(noTime) > 0 || typeof newest !== 'string') {
    throw mismatch(
      `the event time "${task.eventTime}" is empty in ${String(noTime)} of ${String(rows)} rows, want a time in each`,
      task.eventTime,
    );
  }
  return newest;
}

async function countRows(
  db: Db,
  windows: SplitWindows,
  task: SplitInput['task'],
): Promise<Record<keyof SplitWindows, number>> {
  const names = ['train', 'validation', 'test'] as const;
  const whole = { from: windows.train.from, to: windows.test.to };
  const inside = names.map((name) => `count_if(${isInside(task.eventTime, windows[name])})::DOUBLE`);
  const [counts = []] = await db.rows(
    `SELECT ${inside.join(', ')}, count_if(${LABEL_CODE} IS NULL)::DOUBLE, count_if(${LABEL_CODE} = 2)::DOUBLE
     FROM training WHERE ${isInside(task.eventTime, whole)}`,
  );
  const [train, validation, test, empty, neither] = counts.map(Number);
  if (empty) {
    throw mismatch(`the label "${task.label}" is empty in ${empty} rows, want true or false in each`, task.label);
  }
  if (neither) throw mismatch(`the label "${task.label}" is neither 1 nor 0 in ${neither} rows`, task.label);
  const found = { train: train ?? 0, validation: validation ?? 0, test: test ?? 0 };
  const without = names.find((name) => found[name] === 0);
  if (without) {
    const { from, to } = windows[without];
    throw new DataEmptyError(`Cannot split by time: no row falls into the ${without} window, ${from} to ${to}`, {
      fix: `Wait for more data, or change \`split.${without}\` (and \`split.test\`, which moves the others) in the spec.`,
      details: { window: without, windows },
    });
  }
  return found;
}

function copyWindow(
  columns: readonly Column[],
  window: TimeRange,
  input: SplitInput,
  file: string,
  limit: number | undefined,
): string {
  const { eventTime, label } = input.task;
  const inner = columns.map(({ name }) => (name === label ? LABEL_CODE : quoteName(name)));
  const rows = `SELECT * FROM training WHERE ${isInside(eventTime, window)}`;
  // Rows with equal hashes are told apart by all their columns, so it does not matter in what order they come.
  const sampled =
    limit === undefined ? rows : `${rows} ORDER BY ${rowHash(columns, input)}, ${inner.join(', ')} LIMIT ${limit}`;
  const outer = columns.map(({ name }) =>
    name === label ? `${LABEL_CODE} = 1 AS ${quoteName(name)}` : quoteName(name),
  );
  const order = [quoteName(eventTime), ...inner.filter((column) => column !== quoteName(eventTime))];
  return `COPY (SELECT ${outer.join(', ')} FROM (${sampled}) ORDER BY ${order.join(', ')})
    TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`;
}

/**
 * What decides whether a row is in the sample. Floating-point columns are left out: a sum over rows in another order
 * may differ in the last bit, and must not choose other rows.
 */
function rowHash(columns: readonly Column[], { task, seed }: SplitInput): string {
  const steady = columns.filter(({ name, type }) => type !== 'number' && type !== 'other' && name !== task.label);
  return `hash(${[`${seed}::BIGINT`, ...steady.map(({ name }) => quoteName(name))].join(', ')})`;
}

function isInside(eventTime: string, { from, to }: TimeRange): string {
  const time = quoteName(eventTime);
  return `${time} >= ${timestamp(from)} AND ${time} < ${timestamp(to)}`;
}

function timestamp(iso: string): string {
  return `TIMESTAMP ${quoteText(iso.replace('T', ' ').replace('Z', ''))}`;
}
