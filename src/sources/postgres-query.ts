import type { Client, QueryConfig } from 'pg';
import type { ColumnType } from '../domain/data.js';
import { SourceRefusedError } from '../errors.js';
import { CURSOR_KINDS, type CursorKind } from './postgres-cursor.js';
import type { Slice } from './postgres-slice.js';

/** A query as the server understands it. */
export interface DescribedQuery {
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly kind: CursorKind;
  /** The query as a relation, and the cursor column in it. */
  readonly relation: string;
  readonly cursor: string;
  /** In the query's order: the name, and SQL for the value as it is written. */
  readonly columns: readonly { readonly name: string; readonly value: string }[];
}

/**
 * Asks the server what a query gives.
 *
 * @throws {SourceRefusedError} when the cursor is missing or cannot be one; what the server says of the query.
 */
export async function describeQuery(client: Client, query: string, cursor: string): Promise<DescribedQuery> {
  // In this mode the server takes one statement only. What can stand alone can stand in brackets without leaving them.
  const check: QueryConfig & { queryMode: 'extended' } = {
    text: `PREPARE perennial_query AS ${query}`,
    queryMode: 'extended',
  };
  await client.query(check);
  // A pool in between would hand it to the next one.
  await client.query('DEALLOCATE perennial_query');
  // The query may end in a comment.
  const relation = `(\n${query}\n) AS perennial_rows`;
  const { fields } = await client.query({ text: `SELECT * FROM ${relation} LIMIT 0`, rowMode: 'array' });
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refused(`the query gives two columns "${twice}"`, 'Give them names with AS.');
  const found = fields.find(({ name }) => name === cursor);
  if (!found) {
    throw refused(`the query gives no column "${cursor}", but ${names.join(', ')}`, 'Correct `cursor` or the query.');
  }
  const kind = CURSOR_KINDS.get(found.dataTypeID);
  if (!kind) {
    const kinds = [...CURSOR_KINDS.values()].map(({ type }) => type).join(', ');
    throw refused(`the column "${cursor}" cannot be a cursor`, `Take a column of one of the types ${kinds}.`);
  }
  return {
    types: Object.fromEntries(fields.map(({ name, dataTypeID }) => [name, TYPES.get(dataTypeID) ?? 'string'])),
    kind,
    relation,
    cursor: client.escapeIdentifier(cursor),
    columns: fields.map((field) => {
      const name = client.escapeIdentifier(field.name);
      return { name, value: written(name, field.dataTypeID) };
    }),
  };
}

/**
 * The statement that writes the rows of a slice: the same rows give the same bytes. Missing values have no quotes, empty
 * texts have.
 */
export function copySlice(query: DescribedQuery, slice: Slice): string {
  const order = [query.cursor, ...query.columns.map(({ value }) => `(${value})::text COLLATE "C"`)];
  const columns = query.columns.map(({ name, value }) => `${value} AS ${name}`);
  return `COPY (SELECT ${columns.join(', ')} FROM ${query.relation}
    WHERE ${inSlice(query, slice)} ORDER BY ${order.join(', ')}) TO STDOUT (FORMAT csv, HEADER true)`;
}

/**
 * SQL for the state of the rows that a condition is true for: how many there are, and a sum of hashes of their cursor
 * values, whatever order they lie in. The number alone would stay when one row leaves and another one comes.
 */
export function stateOf({ cursor }: DescribedQuery, condition: string): string {
  // Without the sign, and as a numeric: a sum of so many bits does not overflow. Functions of PostgreSQL 11.
  const hash = `hashtextextended((${cursor})::text, 0) & 9223372036854775807`;
  const sum = `coalesce(sum(${hash}) FILTER (WHERE ${condition}), 0)`;
  return `count(*) FILTER (WHERE ${condition}) || '-' || mod(${sum}, 9223372036854775808)`;
}

/** SQL that is true for the rows of a slice. */
export function inSlice({ cursor, kind }: DescribedQuery, { after, to }: Slice): string {
  return `${after === undefined ? '' : `${cursor} > ${literal(kind, after)} AND `}${cursor} <= ${literal(kind, to)}`;
}

/** SQL that is true for the rows after a value; for all without one. */
export function isAfter({ cursor, kind }: DescribedQuery, after: string | undefined): string {
  return after === undefined ? 'true' : `${cursor} > ${literal(kind, after)}`;
}

function literal({ looks, type }: CursorKind, value: string): string {
  if (!looks.test(value)) throw new TypeError(`Cannot write "${value}" as ${type}`);
  return `'${value}'::${type}`;
}

const TYPES: ReadonlyMap<number, ColumnType> = new Map([
  [16, 'boolean'],
  [20, 'integer'],
  [21, 'integer'],
  [23, 'integer'],
  [26, 'integer'],
  [700, 'number'],
  [701, 'number'],
  [1700, 'number'],
  [1082, 'date'],
  [1114, 'timestamp'],
  [1184, 'timestamp'],
]);

function written(name: string, type: number): string {
  if (type === 1184) return `${name} AT TIME ZONE 'UTC'`;
  return AS_IT_IS.has(type) ? name : `${name}::text`;
}

/** Written by the server as the reader wants them. Everything else goes through text: a boolean is `true` then, not `t`. */
const AS_IT_IS = new Set([20, 21, 23, 26, 700, 701, 1700, 1082, 1114]);

function refused(found: string, fix: string): SourceRefusedError {
  return new SourceRefusedError(`Cannot take rows by a cursor: ${found}`, { fix });
}
