import type { Column } from '../domain/data.js';
import { PrepareFailedError } from '../errors.js';
import type { TaskSpec } from '../spec.js';
import { nearestName } from '../spec-nearest.js';
import { columnType, STORED_TYPE } from './column-type.js';
import type { Db } from './duckdb.js';
import { QueryError } from './query-error.js';
import { quoteName, readParquet } from './sql-text.js';

export interface PrepareInput {
  /** Part files by source name: the tables that the SQL can name. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** One SELECT over the tables. Without it the only table is taken as it is. */
  readonly sql?: string;
  readonly task: Pick<TaskSpec, 'label' | 'features' | 'eventTime'>;
}

/** The training table, not yet run: a SELECT with the columns in their stored types. */
export interface PreparedTable {
  /** Label as `label_code` (1, 0, 2 for neither, null), every other column under its own name. */
  readonly select: string;
  readonly columns: readonly Column[];
}

/**
 * Makes a view of each table, checks that the SQL is one SELECT whose columns fit the task, and gives the training
 * table as a SELECT: text as VARCHAR, whole numbers as BIGINT, others as DOUBLE, the event time as TIMESTAMP in UTC, the
 * label as BOOLEAN.
 *
 * @throws {PrepareFailedError} with DuckDB's message and the line, or naming the column that does not fit.
 */
export async function preparedTable(db: Db, input: PrepareInput): Promise<PreparedTable> {
  const names = await createTables(db, input.tables);
  const sql = input.sql ?? onlyTable(names);
  await checkStatement(db, sql);
  const found = await prepareStep(() => db.describe(sql), 'it does not work');
  // A temporary view, because text that ends in a comment or a semicolon cannot stand in brackets.
  await prepareStep(() => db.run(`CREATE TEMP VIEW prepared_by_user AS ${sql}`), 'it cannot be used as a table');
  const columns = checkColumns(found, input.task);
  return { select: selectOf(columns, found, input.task), columns };
}

/** Runs a statement that holds the user's SQL; what DuckDB says against it becomes a {@link PrepareFailedError}. */
export async function prepareStep<T>(step: () => Promise<T>, what: string): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof QueryError) || error.kind === 'Out of Memory') throw error;
    throw prepareError(error, what);
  }
}

async function createTables(db: Db, tables: PrepareInput['tables']): Promise<string[]> {
  const names = Object.keys(tables);
  for (const [name, files] of Object.entries(tables)) {
    if (files.length === 0) {
      throw new PrepareFailedError(
        `Cannot prepare the training table: source "${name}" has no data in the time range`,
        {
          fix: 'Check that the source has files for the time that the split wants, or shorten the windows of the split.',
          details: { source: name },
        },
      );
    }
    const make = () => db.run(`CREATE TEMP VIEW ${quoteName(name)} AS SELECT * FROM ${readParquet(files)}`);
    await prepareStep(make, `the parts of source "${name}" do not fit together`);
  }
  return names;
}

function onlyTable(names: readonly string[]): string {
  const [name] = names;
  if (name !== undefined && names.length === 1) return `SELECT * FROM ${quoteName(name)}`;
  throw new PrepareFailedError(
    `Cannot prepare the training table: there are ${names.length} sources (${names.join(', ')}) and no SQL that joins them`,
    { fix: 'Name an SQL file with one SELECT under `prepare` in the spec.' },
  );
}

/** DuckDB's number for SELECT. */
const SELECT = 1;

async function checkStatement(db: Db, sql: string): Promise<void> {
  const bare = sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\//g, '').trim();
  if (bare === '') refuseSql('it is empty, want one SELECT statement');
  const word = /^\(*\s*(\w*)/.exec(bare)?.[1] ?? '';
  const statement = () => refuseSql(`found a statement that begins with "${word.slice(0, 40)}", want one SELECT`);
  if (!FIRST_WORDS.has(word.toLowerCase())) statement();
  const { count, type } = await prepareStep(() => db.statements(sql), 'it does not work');
  if (count !== 1) refuseSql(`found ${count} statements, want one SELECT`);
  if (type !== SELECT) statement();
}

// DESCRIBE, SHOW and PRAGMA count as SELECT too.
const FIRST_WORDS = new Set(['select', 'with', 'from', 'values']);

function refuseSql(what: string): never {
  throw new PrepareFailedError(`Cannot prepare the training table with the SQL of \`prepare\`: ${what}`, {
    fix: 'Write one SELECT over the sources; it may begin with WITH.',
  });
}

function prepareError(error: QueryError, what: string): PrepareFailedError {
  const { position } = error;
  const at = position ? `, line ${position.line}` : '';
  return new PrepareFailedError(
    `Cannot prepare the training table with the SQL of \`prepare\`${at}: ${what}: ${error.summary}`,
    {
      fix: 'Correct the SQL file and apply the spec again.',
      details: { ...(position && { line: position.line, excerpt: position.excerpt }) },
      cause: error,
    },
  );
}

type Found = readonly { readonly name: string; readonly type: string }[];

function checkColumns(found: Found, task: PrepareInput['task']): Column[] {
  const columns = found.map(({ name, type }) => ({ name, type: columnType(type) }));
  const known = columns.map(({ name }) => name);
  const typeOf = (name: string, role: string) => {
    const column = columns.find((each) => each.name === name);
    if (column) return column.type;
    const near = nearestName(name, known);
    const hint = near ? `the nearest is "${near}"` : `it has ${listed(known)}`;
    throw mismatch(`there is no column "${name}", the ${role}; ${hint}`, name);
  };
  const duplicate = duplicateOf(known);
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
  if (label !== 'boolean' && label !== 'integer' && label !== 'number') {
    throw mismatch(
      `the label "${task.label}" is of type ${label}, want boolean, or a number that is 1 or 0`,
      task.label,
    );
  }
  return columns.map(({ name, type }) => {
    if (name === task.eventTime) return { name, type: 'timestamp' };
    return { name, type: name === task.label ? 'boolean' : type };
  });
}

const FEATURE_TYPES = new Set<Column['type']>(['string', 'integer', 'number', 'boolean']);

function selectOf(columns: readonly Column[], found: Found, task: PrepareInput['task']): string {
  const values = columns.map(({ name, type }, index) => {
    const value = quoteName(name);
    if (name === task.label) return `${labelCode(value, found[index]?.type ?? '')} AS ${LABEL_CODE}`;
    return type === 'other' ? value : `CAST(${value} AS ${STORED_TYPE[type]}) AS ${value}`;
  });
  return `SELECT ${values.join(', ')} FROM prepared_by_user`;
}

/** The column that carries the label inside a job: a name that no column of a user has. */
export const LABEL_CODE = quoteName('\u0001label');

function labelCode(value: string, type: string): string {
  if (columnType(type) === 'boolean') return `CAST(${value} AS UTINYINT)`;
  return `CAST(CASE WHEN ${value} IS NULL THEN NULL WHEN ${value} = 1 THEN 1 WHEN ${value} = 0 THEN 0 ELSE 2 END AS UTINYINT)`;
}

/** A training table that does not fit the task. */
export function mismatch(what: string, column: string): PrepareFailedError {
  return new PrepareFailedError(`Cannot use the training table: ${what}`, {
    fix: 'Change the SQL of `prepare`, or the columns under `task` in the spec.',
    details: { column },
  });
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
