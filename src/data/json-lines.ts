import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { MAX_LINE_BYTES } from './csv-header.js';
import { RowError } from './row-problem.js';

/** Whole lines of a file, one after the other in one buffer, each but the last of the file with its line feed. */
export interface LineBlock {
  readonly bytes: Buffer;
  /** Number of the first line, from 1. */
  readonly line: number;
}

/**
 * Reads a text file in blocks of whole lines, without a byte-order mark.
 *
 * @throws {RowError} for a line over the limit and for bytes that are not UTF-8.
 */
export async function* lineBlocks(file: string, signal?: AbortSignal): AsyncGenerator<LineBlock> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let first = true;
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: CHUNK, ...(signal && { signal }) });
  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (first && bytes.subarray(0, 3).equals(UTF8_MARK)) bytes = bytes.subarray(3);
    first = false;
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    rest = bytes.subarray(end);
    if (end > 0) {
      const block = checked(bytes.subarray(0, end), line);
      yield block;
      line += countLines(block.bytes);
    }
    if (rest.length > MAX_LINE_BYTES) throw tooLong(line);
  }
  if (rest.length > 0) yield checked(rest, line);
}

const CHUNK = 1024 * 1024;
const LINE_FEED = 10;
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

function checked(bytes: Buffer, line: number): LineBlock {
  if (!isUtf8(bytes)) throw new RowError({ line: firstBroken(bytes, line), found: 'it has bytes that are not UTF-8' });
  return { bytes, line };
}

function firstBroken(bytes: Buffer, line: number): number {
  for (let at = 0; at < bytes.length; line += 1) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (end < 0 || !isUtf8(bytes.subarray(at, end))) break;
    at = end + 1;
  }
  return line;
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines += 1;
  return lines;
}

export function tooLong(line: number): RowError {
  return new RowError({ line, found: `the line is longer than ${MAX_LINE_BYTES} bytes` });
}
