import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { blobKey, type Sha256 } from '../domain/artifact.js';
import type { Column, ColumnType, SnapshotPart, SourceObject } from '../domain/data.js';
import { DataEmptyError, DataEngineError } from '../errors.js';
import { columnType } from './column-type.js';
import { checkFormat, dataFormat, type DataFormat } from './data-format.js';
import { withDuckDb, type Db } from './duckdb.js';
import { hashFile } from '../stores/digest.js';
import { ingestCsv } from './ingest-csv.js';
import { ingestParquet } from './ingest-parquet.js';
import { writingOptions, type DataJobOptions } from './job-options.js';
import { isOutOfMemory } from './query-error.js';
import { quoteFile, quoteName, quoteText } from './sql-text.js';

export interface IngestInput {
  /** Name of the source in the spec. */
  readonly source: string;
  readonly object: SourceObject;
  /** The object's bytes, fetched. */
  readonly file: string;
  /** SHA-256 of those bytes. */
  readonly sourceSha256: Sha256;
  /** Default: by the ending of the object's id. */
  readonly format?: DataFormat;
  /** The event-time column, if this source may have it. */
  readonly eventTime?: string;
  /**
   * Types that the contract declares, by column. In CSV they win over what the values look like (`string` keeps 007 as
   * it is), and a value that does not fit is an error that names its line. Parquet has types of its own.
   */
  readonly types?: Readonly<Record<string, ColumnType>>;
}

/**
 * Turns one object of a source into one Parquet part: zstd, rows in the object's order, the same bytes whenever the
 * same bytes come in. Memory does not grow with the number of rows. On failure no file is left.
 *
 * @throws {DataUnreadableError} naming line and column where they are known; {@link DataEmptyError} without rows.
 */
export async function ingestObject(
  input: IngestInput,
  outFile: string,
  options: DataJobOptions = {},
): Promise<SnapshotPart> {
  const object = input.object.id;
  const format = dataFormat(object, input.format);
  await checkFormat(input.file, format, object);
  try {
    const facts = await withEnoughMemory(options, (given) =>
      withDuckDb(writingOptions([input.file], dirname(outFile), given), async (db) => {
        const write = (select: string, columns: number) => db.run(copyStatement(select, outFile, columns));
        if (format === 'csv') {
          const declared = new Map(Object.entries(input.types ?? {}));
          await ingestCsv(
            db,
            { file: input.file, object, declared, ...(options.signal && { signal: options.signal }) },
            write,
          );
        } else {
          await ingestParquet(db, { file: input.file, object }, write);
        }
        return partFacts(db, outFile, object, input.eventTime);
      }),
    );
    const { sha256, bytes } = await hashFile(outFile, options);
    return {
      source: input.source,
      object: input.object,
      sourceSha256: input.sourceSha256,
      ref: { key: blobKey(sha256), sha256, bytes },
      ...facts,
    };
  } catch (error) {
    await rm(outFile, { force: true });
    // Streams say AbortError, whatever the reason was.
    options.signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Little memory is enough for all but very wide files, and keeps it flat: the more DuckDB may hold, the more finished
 * row groups wait to be written.
 */
async function withEnoughMemory<T>(options: DataJobOptions, work: (options: DataJobOptions) => Promise<T>): Promise<T> {
  if (options.memoryLimit !== undefined) return work(options);
  try {
    return await work({ ...options, memoryLimit: '256MB' });
  } catch (error) {
    if (!(error instanceof DataEngineError) || !isOutOfMemory(error.cause)) throw error;
    return work({ ...options, memoryLimit: '2GB' });
  }
}

/** A row group of DuckDB's size, smaller for wide tables, so that one always fits into memory. */
function copyStatement(select: string, outFile: string, columns: number): string {
  const rows = Math.max(2048, Math.min(122_880, Math.floor((122_880 * 24) / Math.max(1, columns) / 2048) * 2048));
  return `COPY (${select}) TO ${quoteText(outFile)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rows})`;
}

async function partFacts(
  db: Db,
  outFile: string,
  object: string,
  eventTime: string | undefined,
): Promise<Pick<SnapshotPart, 'rows' | 'columns' | 'from' | 'to'>> {
  const relation = `read_parquet(${quoteFile(outFile)})`;
  const found = await db.describe(`SELECT * FROM ${relation}`);
  const columns: Column[] = found.map(({ name, type }) => ({ name, type: columnType(type) }));
  const time = columns.find(({ name, type }) => name === eventTime && (type === 'timestamp' || type === 'date'));
  // Answered from the part's own statistics: the rows are not read again.
  const range = time ? [`min(${quoteName(time.name)})`, `max(${quoteName(time.name)})`].map(isoText) : ['NULL', 'NULL'];
  const [[rows, from, to] = []] = await db.rows(`SELECT count(*)::DOUBLE, ${range.join(', ')} FROM ${relation}`);
  if (Number(rows) === 0) {
    throw new DataEmptyError(`Cannot ingest "${object}": it has columns but no rows`, {
      fix: 'Write the file again, or remove it from the source.',
      details: { object, columns: columns.map(({ name }) => name) },
    });
  }
  return {
    rows: Number(rows),
    columns,
    ...(typeof from === 'string' && { from }),
    ...(typeof to === 'string' && { to }),
  };
}

/** ISO 8601 in UTC with milliseconds, as `Date.toISOString` writes it. */
function isoText(expression: string): string {
  return `strftime(${expression}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ')`;
}
