import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ColumnType, SnapshotPart } from '../../../src/domain/data.js';
import { withDuckDb } from '../../../src/data/duckdb.js';
import { ingestObject, type IngestInput } from '../../../src/data/ingest.js';
import { quoteText } from '../../../src/data/sql-text.js';

/** A folder for the files of one test file, and the jobs that tests run in it. */
export interface Workbench {
  readonly folder: string;
  /** A path that nobody has used. */
  path(name: string): string;
  /** Writes what a SELECT gives as Parquet. */
  parquet(name: string, select: string): Promise<string>;
  /** Ingests a text or bytes as an object of this name; `csv` by default. */
  ingest(bytes: string | Uint8Array, options?: IngestOptions): Promise<{ part: SnapshotPart; file: string }>;
  ingestFile(file: string, options?: IngestOptions): Promise<{ part: SnapshotPart; file: string }>;
  /** Rows of a small query over files of the folder. */
  query(sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

export interface IngestOptions extends Partial<Pick<IngestInput, 'format' | 'eventTime' | 'unpackLimits'>> {
  readonly id?: string;
  readonly types?: Readonly<Record<string, ColumnType>>;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export async function workbench(): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-data-'));
  await mkdir(join(folder, 'parts'));
  let count = 0;
  const path = (name: string) => join(folder, `${(count += 1)}-${name}`);
  const query = (sql: string) => withDuckDb({ folders: [folder], tempFolder: folder }, async (db) => db.rows(sql));
  const ingestFile: Workbench['ingestFile'] = async (file, { id, threads, signal, ...input } = {}) => {
    const out = join(folder, 'parts', `${(count += 1)}.parquet`);
    const object = { id: id ?? 'inbox/data.csv', version: '1', bytes: 1 };
    const part = await ingestObject({ source: 'things', object, file, sourceSha256: 'f'.repeat(64), ...input }, out, {
      ...(threads && { threads }),
      ...(signal && { signal }),
    });
    return { part, file: out };
  };
  return {
    folder,
    path,
    query,
    ingestFile,
    parquet: async (name, select) => {
      const file = path(name);
      await query(`COPY (${select}) TO ${quoteText(file)} (FORMAT parquet)`);
      return file;
    },
    ingest: async (bytes, options = {}) => {
      const file = path('input');
      await writeFile(file, bytes);
      return ingestFile(file, options);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The error that a promise ends with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & { details?: Record<string, unknown> }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it succeeded');
}
