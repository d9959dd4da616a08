import type { Column } from '../domain/data.js';
import { PrepareFailedError } from '../errors.js';
import type { TaskSpec } from '../spec/spec.js';
import { nearestName } from '../spec/nearest.js';
import { columnType, STORED_TYPE } from './column-type.js';
import type { Db } from './duckdb.js';
import { labelKinds } from './labels/index.js';
import { LABEL_CODE } from './labels/label-kind.js';
import { mismatch, prepareStep } from './prepare-error.js';
import { checkPrepareSql } from './prepare-sql.js';
import type { SourceTables } from './source-tables.js';
import { quoteName } from './sql-text.js';

/** What of a task the training table must have; without a kind it is binary. */
export type TaskColumns = Pick<TaskSpec, 'label' | 'features' | 'eventTime'> & Partial<Pick<TaskSpec, 'kind'>>;

export interface PrepareInput {
  /** The tables that the SQL can name, by source name. */
  readonly tables: SourceTables;
  /** One SELECT over the tables. Without it the only table is taken as it is. */
  readonly sql?: string;
  readonly task: TaskColumns;
}

/** The training table, not yet run: a SELECT with the columns in their stored types. */
export interface PreparedTable {
  /** The label as its code (see `labels/label-kind.ts`), every other column under its own name. */
  readonly select: string;
  readonly columns: readonly Column[];
}

/**
 * Checks that the SQL is one SELECT over the tables, which are there as views, and that its columns fit the task, and gives
 * the training table as a SELECT: text as VARCHAR, whole numbers as BIGINT, others as DOUBLE, the event time as TIMESTAMP
 * in UTC, the label as its kind stores it.
 *
 * @throws {PrepareFailedError} with DuckDB's message and the line, or naming the column that does not fit.
 */
export async function preparedTable(db: Db, input: PrepareInput): Promise<PreparedTable> {
  const sql = input.sql ?? onlyTable(Object.keys(input.tables));
  const found = await checkPrepareSql(db, sql);
  // A temporary view, because text that ends in a comment or a semicolon cannot stand in brackets.
  await prepareStep(
    () => db.run(`CREATE OR REPLACE TEMP VIEW prepared_by_user AS ${sql}`),
    'it cannot be used as a table',
  );
  const columns = checkColumns(found, input.task);
  return { select: selectOf('prepared_by_user', columns, found, input.task), columns };
}

/**
 * The rows of a relation that has the columns of the training table already, as a SELECT like that of
 * {@link preparedTable}.
 *
 * @throws {PrepareFailedError} for a column that is missing or of another type
 */
export async function sameColumns(
  db: Db,
  relation: string,
  columns: readonly Column[],
  task: TaskColumns,
): Promise<string> {
  const types = new Map((await db.describe(`SELECT * FROM ${relation}`)).map(({ name, type }) => [name, type]));
  for (const { name, type } of columns) {
    const duckDbType = types.get(name);
    if (duckDbType === undefined) {
      const near = nearestName(name, [...types.keys()]);
      throw mismatch(`the test set has no column "${name}"${near ? `, the nearest is "${near}"` : ''}`, name);
    }
    const given = columnType(duckDbType);
    if (!FITS[type].includes(given)) throw mismatch(`"${name}" of the test set is ${given}, want ${type}`, name);
  }
  const found = columns.map(({ name }) => ({ name, type: types.get(name) ?? '' }));
  return selectOf(relation, columns, found, task);
}

/** A column of the training table by its name; `role` says what wants it. */
export function columnNamed(columns: readonly Column[], name: string, role: string): Column {
  const column = columns.find((each) => each.name === name);
  if (column) return column;
  const known = columns.map((each) => each.name);
  const near = nearestName(name, known);
  const hint = near ? `the nearest is "${near}"` : `it has ${listed(known)}`;
  throw mismatch(`there is no column "${name}", the ${role}; ${hint}`, name);
}

function onlyTable(names: readonly string[]): string {
  const [name] = names;
  if (name !== undefined && names.length === 1) return `SELECT * FROM ${quoteName(name)}`;
  throw new PrepareFailedError(
    `Cannot prepare the training table: there are ${names.length} sources (${names.join(', ')}) and no SQL that joins them`,
    { fix: 'Name an SQL file with one SELECT under `prepare` in the spec.' },
  );
}

type Found = readonly { readonly name: string; readonly type: string }[];

function checkColumns(found: Found, task: TaskColumns): Column[] {
  const columns = found.map(({ name, type }) => ({ name, type: columnType(type) }));
  const typeOf = (name: string, role: string) => columnNamed(columns, name, role).type;
  const duplicate = duplicateOf(columns.map(({ name }) => name));
  if (duplicate !== undefined) throw mismatch(`two columns are named "${duplicate}"`, duplicate);
  for (const feature of task.features) {
    const type = typeOf(feature, 'feature');
    if (!FEATURE_TYPES.has(type)) {
      throw mismatch(`feature "${feature}" is of type ${type}, want string, integer, number or boolean`, feature);
    }
  }
  const time = typeOf(task.eventTime, 'event time');
  if (time !== 'timestamp' && time !== 'date') {
    throw mismatch(`the event time "${task.eventTime}" is of type ${time}, want timestamp or date`, task.eventTime);
  }
  const label = typeOf(task.label, 'label');
  const labels = labelKinds[task.kind ?? 'binary'];
  if (!labels.types.includes(label)) {
    throw mismatch(`the label "${task.label}" is of type ${label}, want ${labels.wants}`, task.label);
  }
  return columns.map(({ name, type }) => {
    if (name === task.eventTime) return { name, type: 'timestamp' };
    return { name, type: name === task.label ? labels.storedAs(type) : type };
  });
}

const FEATURE_TYPES = new Set<Column['type']>(['string', 'integer', 'number', 'boolean']);

/** What may stand for a column of the training table. */
const FITS: Readonly<Record<Column['type'], readonly Column['type'][]>> = {
  string: ['string'],
  integer: ['integer'],
  number: ['number', 'integer'],
  boolean: ['boolean', 'integer', 'number'],
  timestamp: ['timestamp', 'date'],
  date: ['date', 'timestamp'],
  other: ['other'],
};

function selectOf(relation: string, columns: readonly Column[], found: Found, task: TaskColumns): string {
  const labels = labelKinds[task.kind ?? 'binary'];
  const values = columns.map(({ name, type }, index) => {
    const value = quoteName(name);
    if (name === task.label) return `${labels.code(value, found[index]?.type ?? '')} AS ${LABEL_CODE}`;
    return type === 'other' ? value : `CAST(${value} AS ${STORED_TYPE[type]}) AS ${value}`;
  });
  return `SELECT ${values.join(', ')} FROM ${relation}`;
}

/** SQL does not tell upper from lower case, so neither does this. */
function duplicateOf(names: readonly string[]): string | undefined {
  const lower = names.map((name) => name.toLowerCase());
  return names.find((_, index) => lower.indexOf(lower[index] ?? '') !== index);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => `"${name}"`);
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}
