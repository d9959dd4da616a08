import { join } from 'node:path';
import { blobKey } from '../domain/artifact.js';
import type { Column, SplitPart } from '../domain/data.js';
import { DataEmptyError } from '../errors.js';
import type { SplitSpec } from '../spec/spec.js';
import { hashFile } from '../stores/digest.js';
import type { Db } from './duckdb.js';
import type { DataJobOptions } from './job-options.js';
import { labelKinds } from './labels/index.js';
import { LABEL_CODE, type SplitLabels } from './labels/label-kind.js';
import { mismatch } from './prepare-error.js';
import type { TaskColumns } from './prepared-table.js';
import { SIDES, type Side, type SideName, type Sides } from './splits/sides.js';
import { isoText, quoteName, quoteText, readParquet } from './sql-text.js';

export interface WriteInput {
  readonly columns: readonly Column[];
  readonly sides: Sides;
  readonly task: TaskColumns;
  readonly spec: SplitSpec;
  readonly seed: number;
  readonly outFolder: string;
}

export interface SplitFile extends SplitPart {
  readonly file: string;
}

/**
 * Writes the rows of each side as Parquet, sorted by event time and then by all other columns. Validation rows of classes
 * that no training row has are left out.
 *
 * @throws {DataEmptyError} for a side without rows; {@link PrepareFailedError} for labels that do not do
 */
export async function writeSides(
  db: Db,
  input: WriteInput,
  options: DataJobOptions,
): Promise<Record<SideName, SplitFile> & Pick<SplitLabels, 'task'>> {
  const { columns, sides } = input;
  const kind = labelKinds[input.task.kind ?? 'binary'];
  const counts = await countRows(db, input);
  const write = async (name: SideName, { limit, only }: { limit?: number; only?: string } = {}) => {
    const file = join(input.outFolder, `${name}.parquet`);
    const { relation, where } = sides[name];
    const side = { relation, where: only === undefined ? where : `(${where}) AND ${only}` };
    await db.run(copySide(columns, side, input, file, limit));
    const [[rows] = []] = await db.rows(`SELECT count(*)::DOUBLE FROM ${readParquet([file])}`);
    const { sha256, bytes } = await hashFile(file, options);
    const { from, to } = sides[name].window ?? counts[name];
    return {
      file,
      ref: { key: blobKey(sha256), sha256, bytes },
      rows: Number(rows),
      rowsInWindow: counts[name].rows,
      from,
      to,
    };
  };
  const { maxTrainRows } = input.spec;
  const test = await write('test');
  const train = await write('train', counts.train.rows > maxTrainRows ? { limit: maxTrainRows } : {});
  // Validation is for the trainer, which can do nothing with other classes; the test is what will happen to the model.
  const only = kind.isLearnt?.(input.task.label, readParquet([train.file]));
  const validation = await write('validation', only === undefined ? {} : { only });
  const files = {
    train: readParquet([train.file]),
    validation: readParquet([validation.file]),
    test: readParquet([test.file]),
  };
  const labels = await kind.facts(db, input.task.label, files);
  if (validation.rows === 0) {
    throw mismatch(
      `the label "${input.task.label}" is in no validation row one of those of the training rows`,
      input.task.label,
    );
  }
  return {
    ...(labels.task && { task: labels.task }),
    train: { ...train, ...labels.sides.train },
    validation: { ...validation, ...labels.sides.validation },
    test: { ...test, ...labels.sides.test },
  };
}

interface SideCounts {
  readonly rows: number;
  /** The range of event times, `to` exclusive. */
  readonly from: string;
  readonly to: string;
}

async function countRows(db: Db, { sides, spec, task }: WriteInput): Promise<Record<SideName, SideCounts>> {
  const time = quoteName(task.eventTime);
  const [counts, sum] = [{} as Record<SideName, SideCounts>, { empty: 0, unusable: 0 }]; // filled below
  const { unusable, wantsInEach } = labelKinds[task.kind ?? 'binary'];
  for (const name of SIDES) {
    const { relation, where } = sides[name];
    const [[rows, empty, unfit, from, last] = []] = await db.rows(
      `SELECT count(*)::DOUBLE, count_if(${LABEL_CODE} IS NULL)::DOUBLE, count_if(${unusable?.where ?? 'false'})::DOUBLE,
         ${isoText(`min(${time})`)}, ${isoText(`max(${time})`)} FROM ${relation} WHERE ${where}`,
    );
    sum.empty += Number(empty);
    sum.unusable += Number(unfit);
    const to = typeof last === 'string' ? new Date(Date.parse(last) + 1).toISOString() : '';
    counts[name] = { rows: Number(rows), from: String(from), to };
  }
  if (sum.empty) {
    throw mismatch(`the label "${task.label}" is empty in ${sum.empty} rows, want ${wantsInEach} in each`, task.label);
  }
  if (sum.unusable) {
    throw mismatch(`the label "${task.label}" ${unusable?.words} in ${sum.unusable} rows`, task.label);
  }
  const without = SIDES.find((name) => counts[name].rows === 0);
  if (without) throw emptySide(spec, sides, without);
  return counts;
}

function emptySide(spec: SplitSpec, sides: Sides, name: SideName): DataEmptyError {
  const { window } = sides[name];
  if (window) {
    const windows = Object.fromEntries(SIDES.map((side) => [side, sides[side].window]));
    const message = `Cannot split by time: no row falls into the ${name} window, ${window.from} to ${window.to}`;
    return new DataEmptyError(message, {
      fix: `Wait for more data, or change \`split.${name}\` (and \`split.test\`, which moves the others) in the spec.`,
      details: { window: name, windows },
    });
  }
  return new DataEmptyError(`Cannot split by ${spec.by}: no row is left to ${WORDS[name]}`, {
    fix: 'Wait for more data, or change the shares, the columns or `last` under `split` in the spec.',
    details: { side: name },
  });
}

const WORDS = { train: 'train', validation: 'validate', test: 'test' } as const;

function copySide(
  columns: readonly Column[],
  { relation, where }: Side,
  input: WriteInput,
  file: string,
  limit: number | undefined,
): string {
  const { eventTime, label } = input.task;
  const labels = labelKinds[input.task.kind ?? 'binary'];
  const inner = columns.map(({ name }) => (name === label ? LABEL_CODE : quoteName(name)));
  const rows = `SELECT ${inner.join(', ')} FROM ${relation} WHERE ${where}`;
  // Rows with equal hashes are told apart by all their columns, so it does not matter in what order they come.
  const sampled =
    limit === undefined ? rows : `${rows} ORDER BY ${rowHash(columns, input)}, ${inner.join(', ')} LIMIT ${limit}`;
  const outer = columns.map(({ name }) =>
    name === label ? `${labels.stored(LABEL_CODE)} AS ${quoteName(name)}` : quoteName(name),
  );
  const order = [quoteName(eventTime), ...inner.filter((column) => column !== quoteName(eventTime))];
  return `COPY (SELECT ${outer.join(', ')} FROM (${sampled}) ORDER BY ${order.join(', ')})
    TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`;
}

/**
 * What decides whether a row is in the sample. Floating-point columns are left out: a sum over rows in another order
 * may differ in the last bit, and must not choose other rows.
 */
function rowHash(columns: readonly Column[], { task, seed }: WriteInput): string {
  const steady = columns.filter(({ name, type }) => type !== 'number' && type !== 'other' && name !== task.label);
  return `hash(${[`${seed}::BIGINT`, ...steady.map(({ name }) => quoteName(name))].join(', ')})`;
}
