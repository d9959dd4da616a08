import type { Column } from '../domain/data.js';
import type { Db } from './duckdb.js';
import { labelKinds } from './labels/index.js';
import { LABEL_CODE } from './labels/label-kind.js';
import type { TaskColumns } from './prepared-table.js';
import { isoText, quoteName, timestamp } from './sql-text.js';

/** Which rows of a training table are compared, and what of them. */
export interface RowRange {
  readonly columns: readonly Column[];
  readonly task: TaskColumns;
  /** Event times, ISO 8601: from `from` on and before `cut`. */
  readonly from: string;
  readonly cut: string;
  /** The label of a row is compared when it was known before `cut`. */
  readonly delayMs: number;
}

export interface RowDifference {
  readonly rows: number;
  /** Event time of the first row that differs, ISO 8601. */
  readonly example: string;
}

/**
 * Two sums of the same numbers in another order differ in their last bits: fractions are equal when they are apart by no
 * more than this share of their size (or of a thousandth of the column's usual size, for what is nearly zero). It is two
 * steps of a 32-bit number, for SQL that rounds to one.
 */
const TOLERANCE = 2.5e-7;
/** Squares of larger numbers are no numbers. */
const LARGEST = '1e150';
/** Lines that are looked at closely, when so many differ: they take more memory than the rows. */
const MOST_LINES = 100_000;

/** SELECT of what is compared: event time, features and label of the rows of the range. */
export function comparedRows(relation: string, { task, from, cut }: RowRange): string {
  const time = quoteName(task.eventTime);
  const columns = [time, LABEL_CODE, ...task.features.map(quoteName)];
  return `SELECT ${columns.join(', ')} FROM ${relation} WHERE ${time} >= ${timestamp(from)} AND ${time} < ${timestamp(cut)}`;
}

/**
 * Compares two relations of {@link comparedRows}. Rows have no names and no order, and fractions cannot be compared for
 * equality (the label of a regression task is one): rows that are equal in event time and all that is no fraction make a line; lines are compared by
 * their number of rows and a print of their fractions, roughly rounded; and only lines that differ in that are looked at
 * closely, by the range, the sum and the sum of squares of each fraction. What changes none of these is not noticed: values
 * that rows of one line exchange, or less than {@link TOLERANCE} of the sum of the line. Of rows whose label is not known before the cut, those of the past must be in the whole: a join with labels has
 * not found the others yet.
 */
export async function compareRows(
  db: Db,
  whole: string,
  past: string,
  range: RowRange,
): Promise<{ readonly rows: number; readonly differs?: RowDifference }> {
  const print = fractions(range).map(({ value }) => `TRY_CAST(${value} + 0.0 AS FLOAT)`);
  const lines = (relation: string) =>
    `SELECT ${lineOf(range)} AS line, any_value(${isYoung(range)}) AS young, count(*) AS rows,
       sum((hash(${['0', ...print].join(', ')}) >> 16)::BIGINT) AS print FROM ${relation} GROUP BY line`;
  await db.run(
    `CREATE OR REPLACE TEMP TABLE leak_lines AS
     SELECT coalesce(a.line, b.line) AS line, a.rows AS whole, b.rows AS past
     FROM (${lines(whole)}) AS a FULL JOIN (${lines(past)}) AS b ON a.line = b.line
     WHERE ${isGone} OR (a.rows = b.rows AND a.print <> b.print)`,
  );
  const [[rows, different] = []] = await db.rows(
    `SELECT (SELECT count(*) FROM ${past})::DOUBLE, greatest(sum(whole), sum(past))::DOUBLE FROM leak_lines`,
  );
  if (different === null || different === undefined) return { rows: Number(rows) };
  const example = await lookClosely(db, whole, past, range);
  return example === undefined
    ? { rows: Number(rows) }
    : { rows: Number(rows), differs: { rows: Number(different), example } };
}

/** Compares the lines that seemed to differ, each fraction for itself. Gives the time of the first that does. */
async function lookClosely(db: Db, whole: string, past: string, range: RowRange): Promise<string | undefined> {
  const numbers = fractions(range);
  const ranges = numbers.map(({ value }, index) => {
    const double = `TRY_CAST(${value} AS DOUBLE)`;
    const usable = `CASE WHEN abs(${double}) < ${LARGEST} THEN ${double} END`;
    return `, min(${value}) AS low${index}, max(${value}) AS high${index}, count(${value}) AS filled${index},
      count(${usable}) AS added${index}, coalesce(sum(${usable}), 0) AS sum${index},
      coalesce(sum(abs(${usable})), 0) AS weight${index}, coalesce(sum((${usable}) * (${usable})), 0) AS squares${index}`;
  });
  const some = `(SELECT line FROM leak_lines ORDER BY line LIMIT ${MOST_LINES})`;
  const lines = (relation: string) =>
    `SELECT ${lineOf(range)} AS line, any_value(${isYoung(range)}) AS young, any_value(${quoteName(range.task.eventTime)}) AS time,
       count(*) AS rows${ranges.join('')} FROM ${relation} WHERE ${lineOf(range)} IN ${some} GROUP BY line`;
  const usual = numbers.map(({ value }, index) => {
    const size = `abs(${value})`;
    return `coalesce(approx_quantile(${size}, 0.99) FILTER (isfinite(${size})), 0) AS size${index}`;
  });
  const differ = numbers.map((_, index) => `(a.rows = b.rows AND ${unlike(index)})`);
  await db.run(
    `CREATE OR REPLACE TEMP TABLE leak_difference AS
     SELECT coalesce(a.time, b.time) AS time ${differ.map((sql, index) => `, ${sql} AS differs${index}`).join('')}
     FROM (${lines(whole)}) AS a FULL JOIN (${lines(past)}) AS b ON a.line = b.line
       ${numbers.length === 0 ? '' : `CROSS JOIN (SELECT ${usual.join(', ')} FROM ${whole}) AS usual`}
     WHERE ${[isGone, ...differ].join(' OR ')}`,
  );
  const [[first] = []] = await db.rows(`SELECT ${isoText('min(time)')} FROM leak_difference`);
  return typeof first === 'string' ? first : undefined;
}

/**
 * The features (and the label) that differ, each looked at for itself, at the times in question. A time with more rows in
 * one of the relations says nothing of the columns. Call it after {@link compareRows} has found a difference.
 */
export async function differingColumns(db: Db, whole: string, past: string, range: RowRange): Promise<string[]> {
  const found = new Set<string>();
  const { task } = range;
  const time = quoteName(task.eventTime);
  const steady = steadyFeatures(range).map((name) => [name, quoteName(name)] as const);
  const label = hasFractionLabel(task) ? [] : [[task.label, LABEL_CODE] as const];
  await db.run('CREATE OR REPLACE TEMP TABLE leak_times AS SELECT DISTINCT time FROM leak_difference');
  for (const [name, value] of [...steady, ...label]) {
    const known = name === task.label ? `NOT ${isYoung(range)}` : 'true';
    const counts = (relation: string, columns: string) =>
      `SELECT ${time} AS time, ${columns} count(*) AS rows FROM ${relation}
       WHERE ${time} IN (FROM leak_times) AND ${known} GROUP BY ALL`;
    const [values, others] = [counts(whole, `${value} AS value,`), counts(past, `${value} AS value,`)];
    const [[count] = []] = await db.rows(
      `SELECT count(*)::DOUBLE FROM (${values} EXCEPT ${others})
       WHERE time IN (SELECT time FROM (${counts(whole, '')} INTERSECT ${counts(past, '')}))`,
    );
    if (Number(count) > 0) found.add(name);
  }
  const numbers = fractions(range);
  const collect = async () => {
    if (numbers.length === 0) return;
    const flags = numbers.map((_, index) => `coalesce(bool_or(differs${index}), false)`);
    const [values = []] = await db.rows(`SELECT ${flags.join(', ')} FROM leak_difference`);
    for (const [index, { name }] of numbers.entries()) if (values[index]) found.add(name);
  };
  await collect();
  // Where a column that is no fraction differs, lines do not meet: now a line is a time.
  const alone = {
    ...range,
    task: { ...task, features: numbers.map(({ name }) => name).filter((name) => name !== task.label) },
  };
  const columns = hasFractionLabel(task) ? '*' : `* REPLACE (NULL::UTINYINT AS ${LABEL_CODE})`;
  const bare = (relation: string) => `(SELECT ${columns} FROM ${relation} WHERE ${time} IN (FROM leak_times))`;
  if ((await compareRows(db, bare(whole), bare(past), alone)).differs) await collect();
  return [...task.features, task.label].filter((name) => found.has(name));
}

/** SQL for what names a line. */
function lineOf(range: RowRange): string {
  const label = hasFractionLabel(range.task) ? [] : [knownLabel(range)];
  const columns = [quoteName(range.task.eventTime), ...label, ...steadyFeatures(range).map(quoteName)];
  return `hash(${columns.join(', ')})`;
}

function knownLabel(range: RowRange): string {
  return `CASE WHEN NOT ${isYoung(range)} THEN ${LABEL_CODE} END`;
}

function hasFractionLabel({ kind = 'binary' }: TaskColumns): boolean {
  return labelKinds[kind].compared === 'fraction';
}

/** With a delay of zero no row of before the cut is too young to have a label. */
function isYoung({ task, cut, delayMs }: RowRange): string {
  return `(${quoteName(task.eventTime)} >= ${timestamp(new Date(Date.parse(cut) - delayMs).toISOString())})`;
}

const isGone = `(CASE WHEN coalesce(a.young, b.young) THEN coalesce(b.rows, 0) > coalesce(a.rows, 0)
  ELSE coalesce(a.rows, 0) <> coalesce(b.rows, 0) END)`;

/** True when a fraction differs between two lines of equally many rows. */
function unlike(index: number): string {
  const apart = (bound: string) => {
    const [a, b] = [`a.${bound}${index}`, `b.${bound}${index}`];
    const close = `isfinite(${a}) AND isfinite(${b}) AND
      abs(${a} - ${b}) <= ${TOLERANCE} * greatest(abs(${a}), abs(${b}), usual.size${index} / 1000)`;
    return `NOT (${a} IS NOT DISTINCT FROM ${b} OR coalesce(${close}, false))`;
  };
  const least = `(usual.size${index}::DOUBLE / 1000)`;
  const most = (name: string) => `greatest(a.${name}${index}, b.${name}${index})`;
  // What becomes of the sums when every value x is off by the tolerance times (|x| + least).
  const sums = `${TOLERANCE} * (${most('weight')} + ${most('added')} * ${least})`;
  const squares = `${2 * TOLERANCE} *
    (${most('squares')} + 2 * ${least} * ${most('weight')} + ${most('added')} * ${least} * ${least})`;
  const moved = [
    `abs(a.sum${index} - b.sum${index}) > ${sums}`,
    `abs(a.squares${index} - b.squares${index}) > ${squares}`,
  ];
  const counts = `a.filled${index} <> b.filled${index} OR a.added${index} <> b.added${index}`;
  return `(${[counts, apart('low'), apart('high'), ...moved].join(' OR ')})`;
}

/** The columns that are no more alike than their last bits, with the SQL for what of them is compared. */
function fractions(range: RowRange): { readonly name: string; readonly value: string }[] {
  const numbers = features(range, (type) => type === 'number').map((name) => ({ name, value: quoteName(name) }));
  const { task } = range;
  return hasFractionLabel(task) ? [...numbers, { name: task.label, value: knownLabel(range) }] : numbers;
}

function steadyFeatures(range: RowRange): string[] {
  return features(range, (type) => type !== 'number');
}

function features({ columns, task }: RowRange, take: (type: Column['type']) => boolean): string[] {
  return task.features.filter((name) => columns.some((column) => column.name === name && take(column.type)));
}
