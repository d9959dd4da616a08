import type { SnapshotPart } from '../domain/data.js';
import { PrepareFailedError } from '../errors.js';
import type { ModelSpec } from '../spec/spec.js';
import type { Db } from './duckdb.js';
import { prepareStep } from './prepare-error.js';
import { isoText, quoteFile, quoteName, quoteText, readParquet, timestamp } from './sql-text.js';
import { instant } from './windows.js';

/** One source as the SQL sees it: a table under the name of the source. */
export interface SourceTable {
  readonly parts: readonly SourcePart[];
  /** The column with the event time of its rows. Without it and without `to` the table is taken to be without time. */
  readonly eventTime?: string;
}

export interface SourcePart {
  /** A Parquet file. */
  readonly file: string;
  /** Event time of its newest row, ISO 8601: of a table without `eventTime`, where whole parts are of a time. */
  readonly to?: string;
  /** Of its oldest row. Default: right after the part before it ends. */
  readonly from?: string;
}

export type SourceTables = Readonly<Record<string, SourceTable>>;

/** The event-time column of a source: what the source names, or the column of the task, where its parts have it. */
export function timeColumn(
  { sources, task }: Pick<ModelSpec, 'sources' | 'task'>,
  source: string,
  parts: readonly Pick<SnapshotPart, 'columns'>[],
): string | undefined {
  const declared = sources[source]?.eventTime;
  if (declared && 'key' in declared) return undefined;
  const name = declared?.column ?? task.eventTime;
  const isTime = ({ columns }: Pick<SnapshotPart, 'columns'>) =>
    columns.some((column) => column.name === name && (column.type === 'timestamp' || column.type === 'date'));
  return parts.some(isTime) ? name : undefined;
}

/**
 * Makes a view of every source, or makes them anew over other rows.
 *
 * @param before leaves out rows with this event time (ISO 8601) or a later one; rows that tell no time stay
 * @throws {PrepareFailedError} for a source without parts, or with parts that do not fit together
 */
export async function createTables(db: Db, tables: SourceTables, before?: string): Promise<void> {
  for (const [name, table] of Object.entries(tables)) {
    if (table.parts.length === 0) throw noData(name);
    const make = () => db.run(`CREATE OR REPLACE TEMP VIEW ${quoteName(name)} AS ${selectBefore(table, before)}`);
    await prepareStep(make, `the parts of source "${name}" do not fit together`);
  }
}

/** Whether {@link createTables} can leave out late rows of a table. */
export function canBeCut({ eventTime, parts }: SourceTable): boolean {
  return eventTime !== undefined || parts.some(({ to }) => to !== undefined);
}

/** A stretch of time whose rows a source keeps or loses together, in milliseconds, both ends included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * The stretches of a table that tells its time by parts and not by rows: {@link createTables} takes away whole parts, so
 * that a cut within a stretch takes earlier rows away as well. None for other tables.
 *
 * @param before parts that end then (ISO 8601) or later are not there
 */
export function stretches({ eventTime, parts }: SourceTable, before?: string): Stretch[] {
  if (eventTime !== undefined) return [];
  const there = partsBefore(parts, before).toSorted((a, b) => a.to - b.to);
  return there.map(({ from, to }) => {
    const previous = there.findLast((other) => other.to < to);
    return { from: from === undefined ? (previous ? previous.to + 1 : -Infinity) : instant(from), to };
  });
}

/** Event time of the newest row of each source that has times, by name; of the rows that the views have now. */
export async function newestTimes(db: Db, tables: SourceTables, before?: string): Promise<Record<string, string>> {
  const newest: Record<string, string> = {};
  for (const [name, { eventTime, parts }] of Object.entries(tables)) {
    const time = eventTime === undefined ? newestPart(parts, before) : await newestRow(db, name, eventTime);
    if (time !== undefined) newest[name] = time;
  }
  return newest;
}

function selectBefore({ parts, eventTime }: SourceTable, before: string | undefined): string {
  const files = parts.map(({ file }) => file);
  const all = `SELECT * FROM ${readParquet(files)}`;
  if (before === undefined) return all;
  if (eventTime !== undefined) {
    const time = quoteName(eventTime);
    return `${all} WHERE (${time} < ${timestamp(before)} OR ${time} IS NULL)`;
  }
  const late = parts.filter(({ to }) => to !== undefined && instant(to) >= instant(before));
  if (late.length === 0) return all;
  // All files are named, so that the table keeps the columns that only later files have.
  const list = files.map(quoteFile).join(', ');
  const gone = late.map(({ file }) => quoteText(file)).join(', ');
  return `SELECT * EXCLUDE (${FILE}) FROM read_parquet([${list}], union_by_name = true, filename = ${quoteText(FILE_NAME)})
    WHERE ${FILE} NOT IN (${gone})`;
}

const FILE_NAME = '\u0001file';
const FILE = quoteName(FILE_NAME);

function newestPart(parts: readonly SourcePart[], before: string | undefined): string | undefined {
  const newest = partsBefore(parts, before).reduce((most, { to }) => Math.max(most, to), -Infinity);
  return Number.isFinite(newest) ? new Date(newest).toISOString() : undefined;
}

function partsBefore(parts: readonly SourcePart[], before: string | undefined) {
  const end = before === undefined ? Infinity : instant(before);
  return parts.flatMap(({ from, to }) => (to !== undefined && instant(to) < end ? [{ from, to: instant(to) }] : []));
}

async function newestRow(db: Db, name: string, eventTime: string): Promise<string | undefined> {
  const time = `CAST(${quoteName(eventTime)} AS TIMESTAMP)`;
  const [[newest] = []] = await db.rows(
    `SELECT ${isoText(`max(${time}) FILTER (isfinite(${time}))`)} FROM ${quoteName(name)}`,
  );
  return typeof newest === 'string' ? newest : undefined;
}

function noData(name: string): PrepareFailedError {
  return new PrepareFailedError(`Cannot prepare the training table: source "${name}" has no data in the time range`, {
    fix: 'Check that the source has files for the time that the split wants, or shorten the windows of the split.',
    details: { source: name },
  });
}
