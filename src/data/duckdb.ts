import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { DataEngineError } from '../errors.js';
import { QueryError, queryError } from './query-error.js';
import { quoteFile, quoteText } from './sql-text.js';

export interface DuckDbOptions {
  /** The only files that SQL can read, beside what is in `folders`. */
  readonly files?: readonly string[];
  /** The only folders (with what is below them) that SQL can read or write. */
  readonly folders: readonly string[];
  /** Where DuckDB may spill what does not fit into memory, in a folder of the job's own that is removed at its end. */
  readonly tempFolder: string;
  /** Memory that DuckDB may hold, for example `512MB`. Default: `1GB`. */
  readonly memoryLimit?: string;
  /** Default: the number of cores, at least 2 and at most 4. With one thread Parquet is cut into other row groups. */
  readonly threads?: number;
  /** Aborting it interrupts the running statement and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A value that binds to a parameter (`$1`, `$2`, ...) of a statement. */
export type SqlValue = string | number | boolean | null;

/** One job's own DuckDB. Statements run one after the other. */
export interface Db {
  /** Runs one statement for its effect. */
  run(sql: string, values?: readonly SqlValue[]): Promise<void>;
  /** The rows of a small answer (facts, never data). Whole numbers beyond 32 bits come as text: cast them to DOUBLE. */
  rows(sql: string, values?: readonly SqlValue[]): Promise<SqlValue[][]>;
  /** Names and DuckDB types of the columns that a query gives, without running it. */
  describe(query: string): Promise<{ readonly name: string; readonly type: string }[]>;
  /** Hands over an answer chunk by chunk, in order: the way for data. */
  chunks(sql: string, take: (chunk: DuckDBDataChunk) => void): Promise<void>;
  /** How many statements a text holds, and the type of the first (DuckDB's `StatementType`). */
  statements(sql: string): Promise<{ readonly count: number; readonly type: number }>;
}

/**
 * Opens a DuckDB in memory for one job, jailed: it reaches the given files and folders and nothing else (no other file, no
 * network, no extension, no setting), its time zone is UTC, and it is closed when the job ends.
 *
 * @throws {DataEngineError} for what the job did not map to an error of its own: memory, disk, a fault of DuckDB.
 */
export async function withDuckDb<T>(options: DuckDbOptions, job: (db: Db) => Promise<T>): Promise<T> {
  options.signal?.throwIfAborted();
  // Loaded here because it takes 0.2 s, which commands that touch no data must not pay.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  // Two instances that spill into one folder would write over each other's files.
  const spill = join(options.tempFolder, `spill-${randomUUID()}`);
  await mkdir(options.tempFolder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? Math.min(4, Math.max(2, availableParallelism()))),
    memory_limit: options.memoryLimit ?? '1GB',
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    try {
      await jail(connection, options);
      return await job(jailedDb(connection, options.signal));
    } finally {
      connection.disconnectSync();
    }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new DataEngineError(`Cannot finish a data job: ${error.summary}`, {
      cause: error,
      fix: 'Free memory or disk space on the worker, or give it more, and run again.',
    });
  } finally {
    instance.closeSync();
    await rm(spill, { recursive: true, force: true });
  }
}

async function jail(connection: DuckDBConnection, { files = [], folders }: DuckDbOptions): Promise<void> {
  const within = folders.map((folder) => quoteText(folder.endsWith('/') ? folder : `${folder}/`));
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`SET allowed_directories = [${within.join(', ')}]`);
  // A name that looks like a pattern is asked for as the pattern that matches only it.
  const named = files.flatMap((file) => [quoteText(file), quoteFile(file)]);
  await connection.run(`SET allowed_paths = [${named.join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

function jailedDb(connection: DuckDBConnection, signal: AbortSignal | undefined): Db {
  const guarded = <T>(work: () => Promise<T>) => interruptible(connection, signal, work);
  return {
    run: (sql, values) =>
      guarded(async () => {
        await connection.run(sql, values && [...values]);
      }),
    rows: (sql, values) =>
      guarded(async () => {
        const reader = await connection.runAndReadAll(sql, values && [...values]);
        // The JSON form of these scalar columns is text, number, boolean or null.
        return reader.getRowsJson() as SqlValue[][];
      }),
    describe: (query) =>
      guarded(async () => {
        const reader = await connection.runAndReadAll(`DESCRIBE ${query}`);
        return (reader.getRowsJson() as string[][]).map(([name = '', type = '']) => ({ name, type }));
      }),
    chunks: (sql, take) =>
      guarded(async () => {
        const result = await connection.stream(sql);
        for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
          take(chunk);
        }
      }),
    statements: (sql) =>
      guarded(async () => {
        const extracted = await connection.extractStatements(sql);
        const prepared = await extracted.prepare(0);
        const type = prepared.statementType;
        prepared.destroySync();
        return { count: extracted.count, type };
      }),
  };
}

async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    // An interrupt that arrives before the statement has begun is forgotten by DuckDB.
    again = setInterval(() => connection.interrupt(), 20);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw queryError(error);
  } finally {
    clearInterval(again);
    signal?.removeEventListener('abort', interrupt);
  }
}
