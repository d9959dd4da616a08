import { rm } from 'node:fs/promises';
import type { Client } from 'pg';
import type { SourceObject } from '../domain/data.js';
import { PerennialError, SourceRefusedError, SourceUnavailableError } from '../errors.js';
import { copyHashed } from './copy-hashed.js';
import { byId } from './data-object.js';
import { isFileError } from './file-error.js';
import { inSnapshot } from './postgres-call.js';
import { heals, saidBy } from './postgres-error.js';
import { copySlice, describeQuery, inSlice, isAfter, type DescribedQuery } from './postgres-query.js';
import { coverage, parseSlice, queryDigest, sliceObject, type Slice } from './postgres-slice.js';
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
 * The rows of a query in slices of a column that grows: each listing adds the rows since the one before as one slice.
 * Rows that are committed late, into one of the newest {@link RECOUNTED} slices, change the number of its rows and so its
 * version. A slice is written as CSV in the order of the cursor, then of all columns.
 *
 * A new query or cursor column is a new table: all that was taken before is gone, and everything is one new slice.
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
      const counts = await this.#count(client, query, open, end);
      const found = [
        ...settled,
        ...open.map((slice, index) => ({ ...slice, rows: counts.rows[index] ?? '0' })),
        ...(counts.newest === undefined
          ? []
          : [{ to: counts.newest, rows: counts.newRows, ...(end !== undefined && { after: end }) }]),
      ];
      return found
        .filter(({ rows }) => rows !== '0')
        .map((slice) => sliceObject(slice, this.#digest, slice.rows))
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
      const { to: copyTo } = await import('pg-copy-streams');
      const rows = client.query(copyTo(copySlice(query, slice)));
      const copied = await copyHashed(rows, file, signal);
      if (String(rows.rowCount) === slice.rows) return { ...copied, types: query.types };
      await rm(file, { force: true });
      throw new SourceUnavailableError(
        `Cannot fetch "${object.id}" from ${this.name}: it changed since it was listed (${slice.rows} rows then, ${rows.rowCount} now)`,
        { fix: 'It is listed again on the next try.', details: { object: object.id } },
      );
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

  /** Rows of each slice, and how many there are after the last and how far they go: all in one pass. */
  async #count(client: Client, query: DescribedQuery, slices: readonly Slice[], end: string | undefined) {
    const { cursor, kind, relation } = query;
    const isNew = [isAfter(query, end), kind.old?.(cursor, this.#options.lagMs ?? 0) ?? 'true'].join(' AND ');
    const first = slices.toSorted((a, b) => kind.compare(a.to, b.to))[0];
    const from = first ? first.after : end;
    const answer = await client.query<(string | null)[]>({
      text: `SELECT ${[
        kind.text(`max(${cursor}) FILTER (WHERE ${isNew})`),
        `count(*) FILTER (WHERE ${isNew})`,
        ...slices.map((slice) => `count(*) FILTER (WHERE ${inSlice(query, slice)})`),
      ].join(', ')} FROM ${relation} WHERE ${isAfter(query, from)}`,
      rowMode: 'array',
    });
    const [newest, newRows, ...rows] = answer.rows[0] ?? [];
    if (typeof newest === 'string' && !kind.looks.test(newest)) {
      throw new SourceRefusedError(
        `Cannot list ${this.name}: found "${newest}" as the greatest value of "${this.#options.cursor}"`,
        { fix: 'Leave such rows out in the query.' },
      );
    }
    return { newest: newest ?? undefined, newRows: newRows ?? '0', rows };
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
