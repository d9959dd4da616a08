import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { blobKey, type Sha256 } from '../domain/artifact.js';
import type { Column, ColumnType, SnapshotPart, SourceObject } from '../domain/data.js';
import { DataEmptyError, DataEngineError } from '../errors.js';
import { hashFile } from '../stores/digest.js';
import { columnType } from './column-type.js';
import { copyRows, copyStatement } from './copy-rows.js';
import { checkFormat, dataFormat, type DataFormat } from './data-format.js';
import { withDuckDb, type Db } from './duckdb.js';
import { ingestCsv } from './ingest-csv.js';
import { ingestJsonl } from './ingest-jsonl.js';
import { ingestParquet } from './ingest-parquet.js';
import { writingOptions, type DataJobOptions } from './job-options.js';
import { filePacking } from './packing.js';
import { isOutOfMemory } from './query-error.js';
import type { UnpackLimits } from './scratch-limit.js';
import { isoText, quoteFile, quoteName } from './sql-text.js';
import { unpackFile } from './unpack.js';

export interface IngestInput {
  /** Name of the source in the spec. */
  readonly source: string;
  readonly object: SourceObject;
  /** The object's bytes, fetched. */
  readonly file: string;
  /** SHA-256 of those bytes. */
  readonly sourceSha256: Sha256;
  /** Default: by the ending of the object's id. How it is packed is seen by its first bytes, whatever it is called. */
  readonly format?: DataFormat;
  /** The event-time column, if this source may have it. */
  readonly eventTime?: string;
  /**
   * Types that the contract declares, by column. In CSV, TSV and JSON Lines they win over what the values look like
   * (`string` keeps 007 as it is), and a value that does not fit is an error that names its line. Parquet has types of
   * its own.
   */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /**
   * Types of all columns of a CSV file that a database wrote: they win over `types`, nothing is guessed, and an empty
   * value in quotes is an empty text where one without quotes is missing.
   */
  readonly exactTypes?: Readonly<Record<string, ColumnType>>;
  /** How large it may become on the way: when it is unpacked, or turned from JSON into a table. */
  readonly unpackLimits?: UnpackLimits;
}

/**
 * Turns one object of a source, packed or not, into one Parquet part: zstd, rows in the object's order, the same bytes
 * whenever the same bytes come in. Memory does not grow with the number of rows. On failure no file is left.
 *
 * @throws {DataUnreadableError} naming line and column where they are known; {@link DataEmptyError} without rows.
 */
export async function ingestObject(
  input: IngestInput,
  outFile: string,
  options: DataJobOptions = {},
): Promise<SnapshotPart> {
  return ingestThrough(withDuckDb, input, outFile, options);
}

/**
 * {@link ingestObject} with the DuckDB that `open` gives to the job: tests with many small objects let them share one.
 */
export async function ingestThrough(
  open: typeof withDuckDb,
  input: IngestInput,
  outFile: string,
  options: DataJobOptions = {},
): Promise<SnapshotPart> {
  const object = input.object.id;
  const format = dataFormat(object, input.format);
  const scratch = `${outFile}.unpacked`;
  try {
    const file = await unpacked(input, scratch, options.signal);
    await checkFormat(file, format, object);
    const facts = await withEnoughMemory(options, (given) =>
      open(writingOptions([file], dirname(outFile), given), async (db) => {
        await read(db, { ...input, file }, outFile, format, options.signal);
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
  } finally {
    await rm(scratch, { force: true });
  }
}

/** The file itself, or what was packed in it, at `scratch`. */
async function unpacked(input: IngestInput, scratch: string, signal: AbortSignal | undefined): Promise<string> {
  const { file, object, unpackLimits: limits } = input;
  const packing = await filePacking(file, object.id);
  if (packing === undefined) return file;
  await unpackFile(file, scratch, packing, { object: object.id, ...(limits && { limits }), ...(signal && { signal }) });
  return scratch;
}

async function read(
  db: Db,
  { file, object: { id: object }, types, exactTypes, unpackLimits }: IngestInput,
  outFile: string,
  format: DataFormat,
  signal: AbortSignal | undefined,
): Promise<void> {
  const declared = new Map(Object.entries(exactTypes ?? types ?? {}));
  const input = {
    file,
    object,
    declared,
    folder: dirname(outFile),
    scratch: `${outFile}.rows`,
    ...(unpackLimits && { limits: unpackLimits }),
    ...(signal && { signal }),
  };
  const write = (select: string, columns: number) => copyRows(db, select, outFile, columns);
  switch (format) {
    case 'csv':
      return ingestCsv(db, { ...input, exact: exactTypes !== undefined }, write);
    case 'tsv':
      return ingestCsv(db, { ...input, delimiter: '\t' }, write);
    case 'jsonl':
      return ingestJsonl(db, input, write);
    case 'parquet':
      return ingestParquet(db, input, (select, columns) => db.run(copyStatement(select, outFile, columns)));
  }
}

/**
 * Little memory is enough for all but very wide files, and keeps it flat: the more DuckDB may hold, the more finished
 * row groups wait to be written.
 */
export async function withEnoughMemory<T>(
  options: DataJobOptions,
  work: (options: DataJobOptions) => Promise<T>,
): Promise<T> {
  if (options.memoryLimit !== undefined) return work(options);
  try {
    return await work({ ...options, memoryLimit: '256MB' });
  } catch (error) {
    if (!(error instanceof DataEngineError) || !isOutOfMemory(error.cause)) throw error;
    return work({ ...options, memoryLimit: '2GB' });
  }
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
  const range = time
    ? ['min', 'max'].map((end) => isoText(`${endOfTime(end, time.name)}::TIMESTAMP`))
    : ['NULL', 'NULL'];
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

/** Of the times that ISO 8601 can write: a row at the end of time must not decide which parts are near. */
function endOfTime(end: string, column: string): string {
  const time = quoteName(column);
  return `${end}(${time}) FILTER (isfinite(${time}) AND year(${time}) BETWEEN 1 AND 9999)`;
}
