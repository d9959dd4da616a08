import { tmpdir } from 'node:os';
import { withDuckDb, type Db } from './duckdb.js';
import { firstWord, maySelect, SELECT } from './one-select.js';
import { prepareStep, refuseSql } from './prepare-error.js';
import { quoteText } from './sql-text.js';

/**
 * Checks that a text is one SELECT whose answer depends on the sources alone, so that a split can be made again from the
 * record: nothing that draws numbers, asks for the time or looks at DuckDB itself, and no other tables.
 *
 * @returns the columns that it gives, with their DuckDB types
 * @throws {PrepareFailedError} saying what was found and what to write instead
 */
export async function checkPrepareSql(
  db: Db,
  sql: string,
): Promise<readonly { readonly name: string; readonly type: string }[]> {
  checkFirstWord(sql);
  const { count, type } = await prepareStep(() => db.statements(sql), 'it does not work');
  if (count !== 1) refuseSql(`found ${count} statements, want one SELECT`, ONE_SELECT);
  if (type !== SELECT) refuseWord(firstWord(sql) ?? '');
  // A name that does not exist is told by DuckDB, with the line.
  const columns = await prepareStep(() => db.describe(sql), 'it does not work');
  await checkRepeatable(db, sql);
  return columns;
}

/**
 * As much of {@link checkPrepareSql} as can be said without the data: that it is SQL, and what it must not have in it.
 *
 * @throws {PrepareFailedError}
 */
export async function checkSqlText(sql: string): Promise<void> {
  checkFirstWord(sql);
  await withDuckDb({ folders: [], tempFolder: tmpdir() }, (db) => checkRepeatable(db, sql));
}

function checkFirstWord(sql: string): void {
  const word = firstWord(sql);
  if (word === undefined) refuseSql('it is empty, want one SELECT statement', ONE_SELECT);
  if (!maySelect(word)) refuseWord(word);
}

function refuseWord(word: string): never {
  refuseSql(`found a statement that begins with "${word.slice(0, 40)}", want one SELECT`, ONE_SELECT);
}

const ONE_SELECT = 'Write one SELECT over the sources; it may begin with WITH.';

async function checkRepeatable(db: Db, sql: string): Promise<void> {
  const [[text] = []] = await db.rows(`SELECT json_serialize_sql(${quoteText(sql)})`);
  // What DuckDB writes as JSON is one object.
  const tree = JSON.parse(String(text)) as {
    readonly error?: boolean;
    readonly error_message?: string;
    readonly statements?: readonly unknown[];
  };
  if (tree.error) refuseSql(`it cannot be looked through: ${tree.error_message ?? 'no reason given'}`, ONE_SELECT);
  const count = tree.statements?.length ?? 1;
  if (count !== 1) refuseSql(`found ${count} statements, want one SELECT`, ONE_SELECT);
  for (const node of nodesOf(tree)) checkNode(node);
}

/**
 * Functions that do not give the same each time, or speak of DuckDB and not of the data. Asking DuckDB for its list takes
 * longer than many a SELECT; a test holds this one against it.
 */
export const VOLATILE_FUNCTIONS: ReadonlySet<string> = new Set(
  `ago currval current_catalog current_connection_id current_database current_date current_localtime
   current_localtimestamp current_query current_query_id current_schema current_schemas current_setting
   current_transaction_id gen_random_uuid get_current_time get_current_timestamp getenv getvariable in_search_path
   nextval now pg_conf_load_time pg_postmaster_start_time pg_sleep query random setseed sleep_ms stats today
   transaction_timestamp txid_current uuid uuidv4 uuidv7 version write_log`.split(/\s+/),
);
/** Words that are functions when there is no column of that name. */
const CLOCK_WORDS = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp']);
const TABLE_FUNCTIONS = new Set([
  'as_of',
  'generate_series',
  'json_each',
  'json_tree',
  'query_table',
  'range',
  'repeat',
  'repeat_row',
  'unnest',
]);

type Node = Readonly<Record<string, unknown>>;

function checkNode(node: Node): void {
  const type = String(node['type']);
  if (type === 'TABLE_FUNCTION')
    checkTableFunction(node['function'] as Node); // the parser's own word
  else if (typeof node['function_name'] === 'string') checkFunction(node['function_name'].toLowerCase(), node);
  if (node['class'] === 'COLUMN_REF' && Array.isArray(node['column_names'])) {
    const name = String(node['column_names'][0]).toLowerCase();
    if (node['column_names'].length === 1 && CLOCK_WORDS.has(name)) refuseSql(`found ${name}`, NO_CLOCK);
  }
  if (type === 'BASE_TABLE' && isCatalog(node)) {
    refuseSql(`found the table ${String(node['table_name'])} of DuckDB itself, want sources only`, ONE_SELECT);
  }
  if (node['sample'] !== null && node['sample'] !== undefined) refuseSql('found a sample', NO_DICE);
}

function checkFunction(name: string, node: Node): void {
  // With one argument it is the time since then.
  const isAge = name === 'age' && Array.isArray(node['children']) && node['children'].length === 1;
  if (!isAge && !VOLATILE_FUNCTIONS.has(name)) return;
  const isClock = isAge || /now|date|time|today|ago/.test(name);
  refuseSql(`found ${name}(), which gives something else each time`, isClock ? NO_CLOCK : NO_DICE);
}

function checkTableFunction(call: Node): void {
  const name = String(call['function_name']).toLowerCase();
  if (TABLE_FUNCTIONS.has(name)) return;
  refuseSql(
    `found the table function ${name}(), want sources only`,
    `Declare what it reads under \`sources\` in the spec. Allowed here: ${[...TABLE_FUNCTIONS].join(', ')}.`,
  );
}

const NO_CLOCK =
  'Use the event time of the row, so that the same data always give the same rows; a run can be told a time by `asOf`.';
const NO_DICE =
  'Use what depends on the rows alone, such as `hash(id) % 10 = 0`, so that the same data always give the same rows.';

function isCatalog(node: Node): boolean {
  const [schema, table] = [String(node['schema_name']).toLowerCase(), String(node['table_name']).toLowerCase()];
  return schema === 'information_schema' || schema === 'pg_catalog' || /^(duckdb|sqlite|pg|pragma)_/.test(table);
}

/** All objects of a tree of JSON, outer ones first. */
function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesOf(item);
  } else if (typeof value === 'object' && value !== null) {
    yield value as Node;
    for (const item of Object.values(value)) yield* nodesOf(item);
  }
}
