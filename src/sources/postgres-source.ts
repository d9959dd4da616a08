import type { Client } from 'pg';
import type { SourceObject } from '../domain/data.js';
import { PerennialError, SourceRefusedError, SourceUnavailableError } from '../errors.js';
import { copyHashed } from './copy-hashed.js';
import { byId } from './data-object.js';
import { isFileError } from './file-error.js';
import { inSnapshot } from './postgres-call.js';
import { heals, saidBy } from './postgres-error.js';
import { copySlice, describeQuery, inSlice, isAfter, stateOf, type DescribedQuery } from './postgres-query.js';
import {
  coverage,
  isEmpty,
  parseSlice,
  queryDigest,
  sliceObject,
  type FoundSlice,
  type Slice,
} from './postgres-slice.js';
import { databaseName } from './postgres-url.js';
import type { FetchedObject, Source, SourceCallOptions, SourceListOptions } from './source.js';

export interface PostgresSourceOptions {
  /** `postgres://user:password@host:5432/database`. A role that may only read is enough. */
  readonly url: string;
  /** One SELECT, without a semicolon. */
  readonly query: string;
  /** A column of the query that grows with every new row: a number, a date or a timestamp. */
  readonly cursor: string;
  /** Rows younger than this are left for later, where the cursor is a time. Default: 0. */
  readonly lagMs?: number;
}

/**
 * The rows of a query in slices of a column that grows: each listing adds the rows since the one before as one slice, the
 * first one all rows. What happens to the cursor values of one of the newest {@link RECOUNTED} slices, such as a late
 * commit, changes its version; older ones are settled. A slice is written as CSV in the order of the cursor, then of all
 * columns.
 *
 * A cursor that moves, such as `changed_at`: a row that is changed moves to a new slice. A slice that is recounted is then
 * read again without it; in a settled one its old version stays in the snapshot. SQL of `prepare` takes the newest row of
 * each id: `QUALIFY row_number() OVER (PARTITION BY id ORDER BY changed_at DESC) = 1`.
 *
 * A new query or cursor column is a new table: all that was taken before is gone, and everything is one new slice.
 *
 * Needs PostgreSQL 11 or later.
 */
export class PostgresSource implements Source {
  readonly name: string;
  readonly #options: PostgresSourceOptions;
  readonly #digest: string;

  constructor(options: PostgresSourceOptions) {
    this.#options = options;
    this.#digest = queryDigest(options.query, options.cursor);
    this.name = `postgres ${databaseName(options.url)}, rows by "${options.cursor}"`;
  }

  async list({ signal, known = [] }: SourceListOptions = {}): Promise<SourceObject[]> {
    return await this.#inSnapshot('list it', signal, async (client, query) => {
      await this.#checkCursor(client, query);
      const ours = known.flatMap((object) => parseSlice(object, this.#digest, query.kind) ?? []);
      const { slices, gaps, end } = coverage(ours, query.kind);
      const settled = slices.slice(0, -RECOUNTED);
      const open: Slice[] = [...slices.slice(-RECOUNTED), ...gaps];
      const { newest, newState, states } = await this.#lookAt(client, query, open, end);
      const found: FoundSlice[] = [
        ...settled,
        ...open.map((slice, index) => ({ ...slice, state: states[index] ?? EMPTY })),
        ...(newest === undefined ? [] : [{ to: newest, state: newState, ...(end !== undefined && { after: end }) }]),
      ];
      return found
        .filter(({ state }) => !isEmpty(state))
        .map((slice) => sliceObject(slice, this.#digest))
        .toSorted(byId);
    });
  }

  async fetch(object: SourceObject, file: string, { signal }: SourceCallOptions = {}): Promise<FetchedObject> {
    return await this.#inSnapshot(`fetch "${object.id}"`, signal, async (client, query) => {
      const slice = parseSlice(object, this.#digest, query.kind);
      if (!slice) {
        throw new SourceRefusedError(`Cannot fetch "${object.id}" from ${this.name}: it is no slice of its query`, {
          fix: 'List the source again.',
          details: { object: object.id },
        });
      }
      // In one transaction with the rows: what is there now is taken, and told by its own version. On a table that is
      // written to all the time, waiting for what was listed would never end.
      const condition = inSlice(query, slice);
      const { rows } = await client.query<{ state: string }>(
        `SELECT ${stateOf(query, condition)} AS state FROM ${query.relation} WHERE ${condition}`,
      );
      const state = rows[0]?.state ?? EMPTY;
      if (isEmpty(state)) {
        throw new SourceUnavailableError(
          `Cannot fetch "${object.id}" from ${this.name}: all its rows are gone since it was listed`,
          { fix: 'The source is listed again on the next try.', details: { object: object.id } },
        );
      }
      const { to: copyTo } = await import('pg-copy-streams');
      const copied = await copyHashed(client.query(copyTo(copySlice(query, slice))), file, signal);
      return { ...copied, version: sliceObject({ ...slice, state }, this.#digest).version, types: query.types };
    });
  }

  /** A row without a place in the order of the cursor would never be taken. */
  async #checkCursor(client: Client, { relation, cursor }: DescribedQuery): Promise<void> {
    const { rows } = await client.query(`SELECT 1 FROM ${relation} WHERE ${cursor} IS NULL LIMIT 1`);
    if (rows.length === 0) return;
    throw new SourceRefusedError(`Cannot list ${this.name}: there are rows where "${this.#options.cursor}" is null`, {
      fix: 'Leave them out in the query, or take a column that every row has.',
    });
  }

  /** The state of each slice, that of the rows after the last, and how far these go: all in one pass. */
  async #lookAt(client: Client, query: DescribedQuery, slices: readonly Slice[], end: string | undefined) {
    const { cursor, kind, relation } = query;
    const isNew = [isAfter(query, end), kind.old?.(cursor, this.#options.lagMs ?? 0) ?? 'true'].join(' AND ');
    const first = slices.toSorted((a, b) => kind.compare(a.to, b.to))[0];
    const from = first ? first.after : end;
    const answer = await client.query<(string | null)[]>({
      text: `SELECT ${[
        kind.text(`max(${cursor}) FILTER (WHERE ${isNew})`),
        stateOf(query, isNew),
        ...slices.map((slice) => stateOf(query, inSlice(query, slice))),
      ].join(', ')} FROM ${relation} WHERE ${isAfter(query, from)}`,
      rowMode: 'array',
    });
    const [newest, newState, ...states] = answer.rows[0] ?? [];
    if (typeof newest === 'string' && !kind.looks.test(newest)) {
      throw new SourceRefusedError(
        `Cannot list ${this.name}: found "${newest}" as the greatest value of "${this.#options.cursor}"`,
        { fix: 'Leave such rows out in the query.' },
      );
    }
    return { newest: newest ?? undefined, newState: newState ?? EMPTY, states };
  }

  async #inSnapshot<T>(
    action: string,
    signal: AbortSignal | undefined,
    work: (client: Client, query: DescribedQuery) => Promise<T>,
  ): Promise<T> {
    const { url, query, cursor } = this.#options;
    try {
      return await inSnapshot(url, signal, async (client) => work(client, await describeQuery(client, query, cursor)));
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof PerennialError || isFileError(error)) throw error;
      const message = `Cannot ${action} in ${this.name}: ${saidBy(error)}`;
      if (heals(error)) throw new SourceUnavailableError(message, { cause: error });
      throw new SourceRefusedError(message, {
        fix: 'Check the query, its cursor, the connection string, and what its role may read.',
        cause: error,
      });
    }
  }
}

/** A transaction that writes while this many slices are taken is a long one. */
const RECOUNTED = 8;

/** The state of no rows. */
const EMPTY = '0-0';
