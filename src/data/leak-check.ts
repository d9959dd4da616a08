import type { Column } from '../domain/data.js';
import { durationMs } from '../domain/duration.js';
import { LeakingFeaturesError, PrepareFailedError } from '../errors.js';
import type { TaskSpec } from '../spec/spec.js';
import type { Db } from './duckdb.js';
import { compareRows, comparedRows, differingColumns, type RowDifference } from './leak-rows.js';
import { prepareStep } from './prepare-error.js';
import type { TaskColumns } from './prepared-table.js';
import { canBeCut, createTables, newestTimes, stretches, type SourceTables } from './source-tables.js';
import type { Sides } from './splits/sides.js';
import { instant } from './windows.js';

export interface LeakInput {
  /** What the SQL sees. */
  readonly tables: SourceTables;
  /** The SQL as a SELECT of the training table; its rows over all sources are in the table `training`. */
  readonly select: string;
  readonly columns: readonly Column[];
  readonly task: TaskColumns & Pick<TaskSpec, 'labelDelay'>;
  readonly sides: Sides;
  /** Event times of the oldest and the newest row of `training`. */
  readonly oldest: string;
  readonly newest: string;
  readonly asOf?: string;
}

/** A check that found nothing. */
export interface LeakCheck {
  /** Source rows from then on were taken away, ISO 8601. Absent: no source could be cut, nothing was checked. */
  readonly cut?: string;
  /** Rows before `cut` that were compared. */
  readonly rows: number;
  /**
   * Sources without an event time, or in parts so long that nothing is left before the one that the cut falls into: what
   * they say of the future is not noticed.
   */
  readonly uncut: readonly string[];
}

/**
 * Looks for features that know the future. The SQL runs once more over sources that end at a time T, as if the rest had not
 * happened yet; rows of before T must come out as they did. A row that was influenced by anything later does not: a mean
 * over all days, a value that was joined without regard to time, a window that reaches beyond the row.
 *
 * What it cannot see: a column of the same source row that was filled in later (say so by `task.labelDelay`, or leave it
 * out of the features), sources that cannot be cut, and what {@link compareRows} cannot tell apart.
 *
 * @throws {LeakingFeaturesError} naming the features; {@link PrepareFailedError} when the SQL does not give the same rows
 *   twice, so that nothing can be said
 */
export async function checkLeaks(db: Db, input: LeakInput): Promise<LeakCheck> {
  const { tables, select } = input;
  const { from, cut, whole: uncut } = await cutTime(db, input);
  const ending = Object.fromEntries(Object.entries(tables).filter(([name]) => !uncut.includes(name)));
  if (Object.keys(ending).length === 0) return { rows: 0, uncut };
  const range = { ...input, from, cut, delayMs: durationMs(input.task.labelDelay) };
  const whole = `(${comparedRows('training', range)})`;
  const runTo = async (before: string | undefined, table: string, what: string) => {
    await createTables(db, ending, before);
    const run = `CREATE OR REPLACE TEMP TABLE ${table} AS ${comparedRows(`(${select})`, range)}`;
    await prepareStep(() => db.run(run), `it failed ${what}`);
  };
  await runTo(cut, 'leak_past', `over sources that end at ${cut}`);
  const { rows, differs } = await compareRows(db, whole, 'leak_past', range);
  if (!differs) return { cut, rows, uncut };
  const columns = await differingColumns(db, whole, 'leak_past', range);
  // It could also be SQL that numbers rows in an order which it does not say.
  await runTo(input.asOf, 'leak_again', 'when it ran again');
  const again = await compareRows(db, whole, 'leak_again', range);
  if (again.differs) throw notRepeatable(await differingColumns(db, whole, 'leak_again', range));
  throw leaking(columns, differs, { cut, rows, uncut });
}

interface Cut {
  /** Rows are compared from then on. */
  readonly from: string;
  readonly cut: string;
  /** Sources that are not cut. */
  readonly whole: readonly string[];
}

/**
 * The time at which the sources are cut: the start of the test window, or the point that three quarters of the time lie
 * before. It is earlier where a source ends before it, of whose rows too some must be taken away, and where it would fall
 * into a part that is taken away as a whole.
 */
async function cutTime(db: Db, input: LeakInput): Promise<Cut> {
  const { sides, tables, asOf } = input;
  const from = Math.max(instant(sides.train.window?.from ?? input.oldest), instant(input.oldest));
  const share = (to: number) => from + Math.ceil((to - from) * 0.75);
  const ends = Object.values(await newestTimes(db, tables, asOf)).map(instant);
  // Rows after the newest one that has a label are not in the table any more; those of the sources end at `asOf`.
  const newest = Math.min(instant(input.newest), asOf === undefined ? Infinity : instant(asOf));
  const own = sides.test.window ? Math.min(instant(sides.test.window.from), newest) : share(newest);
  const cut = ends.filter((end) => end > from && end < own).reduce((least, end) => Math.min(least, share(end)), own);
  const { at, whole } = betweenParts(input, from, cut);
  return { from: new Date(from).toISOString(), cut: new Date(at).toISOString(), whole };
}

/**
 * The last time, no later than `latest`, that lies within no part of a source that tells its time by parts. A source that
 * has none after `from` stays whole: there would be no rows to compare.
 */
function betweenParts({ tables, asOf }: LeakInput, from: number, latest: number) {
  const names = Object.keys(tables);
  const whole = new Set(names.filter((name) => !canBeCut(tables[name] ?? { parts: [] })));
  const parts = Object.entries(tables).flatMap(([name, table]) =>
    stretches(table, asOf).map((stretch) => ({ name, ...stretch })),
  );
  let at = latest;
  for (;;) {
    const within = parts.find((part) => !whole.has(part.name) && part.from < at && part.to >= at);
    if (!within) return { at, whole: names.filter((name) => whole.has(name)) };
    if (within.from <= from) whole.add(within.name);
    // Without that source it may be later again.
    at = within.from <= from ? latest : within.from;
  }
}

function leaking(columns: readonly string[], { rows, example }: RowDifference, check: LeakCheck): LeakingFeaturesError {
  const count = (number: number) => number.toLocaleString('en-US');
  const names = columns.map((name) => `"${name}"`).join(', ');
  const what = columns.length === 0 ? 'its rows depend' : columns.length === 1 ? `${names} depends` : `${names} depend`;
  return new LeakingFeaturesError(
    `Cannot use the training table: ${what} on the future: ${count(rows)} of ${count(check.rows)} rows before ${check.cut} ` +
      `come out otherwise when the sources end there, the first of ${example}`,
    {
      fix: 'Use only what was known at the event time of the row: join with `as_of(...)`, and let windows end before the row. See docs/prepare.md.',
      details: { columns, rows, compared: check.rows, cut: check.cut, example, uncut: check.uncut },
    },
  );
}

function notRepeatable(columns: readonly string[]): PrepareFailedError {
  const names = columns.map((name) => `"${name}"`).join(', ');
  return new PrepareFailedError(
    `Cannot use the training table: the SQL of \`prepare\` does not give the same rows when it runs twice${names ? `: ${names} ${columns.length === 1 ? 'differs' : 'differ'}` : ''}`,
    {
      fix: 'Order by columns that tell all rows apart wherever a row is numbered, taken first or taken from a list.',
      details: { columns },
    },
  );
}
