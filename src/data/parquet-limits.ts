import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { DataUnreadableError } from '../errors.js';
import type { Db } from './duckdb.js';
import { fileEnds } from './file-ends.js';
import { pageHeader } from './parquet-page.js';
import { MAX_BYTES, scratchLimit, type UnpackLimits } from './scratch-limit.js';
import { quoteFile } from './sql-text.js';
import { CompactReader, LIST, STRUCT } from './thrift-compact.js';

/**
 * Refuses a Parquet file that would become too large: by what its footer says, and by what every page says of itself,
 * because DuckDB makes room for a page before it unpacks it. Only headers are read.
 *
 * @throws {DataUnreadableError}
 */
export async function checkParquetLimits(
  db: Db,
  input: { readonly file: string; readonly object: string; readonly folder: string; readonly limits?: UnpackLimits },
): Promise<void> {
  const { file, object, folder, limits } = input;
  const refuse = (found: string): never => {
    throw new DataUnreadableError(`Cannot unpack "${object}": ${found}`, {
      fix: 'Write the file again, in several files or in smaller row groups and pages.',
      details: { object },
    });
  };
  await checkFooter(file, object);
  const limit = await scratchLimit((await stat(file)).size, folder, limits);
  const [[bytes, values] = []] = await db.rows(
    `SELECT sum(total_uncompressed_size)::DOUBLE, sum(num_values)::DOUBLE FROM parquet_metadata(${quoteFile(file)})`,
  );
  if (Number(bytes) > limit.bytes) {
    refuse(`it says that it has ${String(bytes)} bytes unpacked, the most is ${limit.bytes}${limit.reason}`);
  }
  // A run of equal values takes two bytes, however long it is.
  const most = limits?.maxBytes ?? MAX_BYTES;
  if (Number(values) > most) refuse(`it says that it has ${String(values)} values, the most is ${most}`);
  const page = await pageProblem(db, file);
  if (page !== undefined) refuse(page);
}

/** DuckDB makes room for as many columns and row groups as the footer claims, before it reads the first of them. */
async function checkFooter(file: string, object: string): Promise<void> {
  const { bytes, tail } = await fileEnds(file);
  const length = tail.readUInt32LE(0);
  const refuse = (found: string): never => {
    throw new DataUnreadableError(`Cannot read "${object}" as Parquet: ${found}`, {
      fix: 'Write the file again, with fewer columns or larger row groups.',
      details: { object },
    });
  };
  if (length > MAX_FOOTER_BYTES) refuse(`its footer has ${length} bytes, the most is ${MAX_FOOTER_BYTES}`);
  const footer = Buffer.alloc(length);
  const handle = await open(file, 'r');
  try {
    await handle.read(footer, 0, length, bytes - 8 - length);
  } finally {
    await handle.close();
  }
  try {
    passFooter(new CompactReader(footer));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refuse('its footer is damaged');
  }
}

const MAX_FOOTER_BYTES = 32 * 1024 ** 2;

/** `FileMetaData` of parquet.thrift, with the least bytes that a column, a row group and a column chunk can have. */
function passFooter(reader: CompactReader): void {
  const structures = (least: number, field: (id: number, type: number) => void) => {
    reader.list(least, (type) => (type === STRUCT ? reader.struct(field) : reader.skip(type)));
  };
  reader.struct((id, type) => {
    if (id === SCHEMA && type === LIST) structures(6, (_, inner) => reader.skip(inner));
    else if (id === ROW_GROUPS && type === LIST) {
      structures(16, (inner, innerType) => {
        if (inner === COLUMNS && innerType === LIST) structures(16, (_, last) => reader.skip(last));
        else reader.skip(innerType);
      });
    } else reader.skip(type);
  });
}

const SCHEMA = 2;
const ROW_GROUPS = 4;
const COLUMNS = 1;

/** DuckDB writes pages of up to 100 MB, others of about 1 MB. */
const MAX_PAGE_BYTES = 128 * 1024 ** 2;
const MAX_HEADER_BYTES = 16 * 1024;

async function pageProblem(db: Db, file: string): Promise<string | undefined> {
  const chunks = `SELECT least(nullif(data_page_offset, 0), nullif(dictionary_page_offset, 0))::DOUBLE,
    total_compressed_size::DOUBLE FROM parquet_metadata(${quoteFile(file)})`;
  const handle = openSync(file, 'r');
  try {
    const pages = new Pages(handle, fstatSync(handle).size);
    let problem: string | undefined;
    await db.chunks(chunks, (chunk) => {
      for (const [start, length] of chunk.getRows()) problem ??= pages.problem(Number(start), Number(length));
    });
    return problem;
  } finally {
    closeSync(handle);
  }
}

class Pages {
  readonly #buffer = Buffer.allocUnsafe(MAX_HEADER_BYTES);

  constructor(
    readonly handle: number,
    readonly size: number,
  ) {}

  /** What is wrong with a page of a column chunk. A header that cannot be read is left for DuckDB to refuse. */
  problem(start: number, length: number): string | undefined {
    if (!(start > 0)) return undefined;
    for (let at = start; at < start + length;) {
      const bytes = readSync(this.handle, this.#buffer, 0, MAX_HEADER_BYTES, at);
      const header = pageHeader(this.#buffer.subarray(0, bytes));
      if (!header) break;
      const { unpacked, packed } = header;
      if (unpacked > MAX_PAGE_BYTES) {
        return `one of its pages has ${unpacked} bytes unpacked, the most is ${MAX_PAGE_BYTES}`;
      }
      if (packed > this.size - at) return `one of its pages has ${packed} bytes, more than the file`;
      if (packed < 0) break;
      at += header.length + packed;
    }
    return undefined;
  }
}
