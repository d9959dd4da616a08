import { createReadStream } from 'node:fs';
import { MAX_LINE_BYTES, type CsvHeader } from './csv-header.js';
import { CsvQuotes } from './csv-quotes.js';
import type { RowProblem } from './row-problem.js';

/**
 * Looks through the bytes of a CSV file for what DuckDB lets pass, or stumbles over: NUL bytes, which it takes for text,
 * lines longer than its buffer, for which it takes gigabytes or which it drops without a word when they are the last, and
 * quotes that stand where none may.
 *
 * @returns the first problem of a part of the file, undefined for none
 */
export async function scanCsv(file: string, delimiter: string, signal?: AbortSignal): Promise<RowProblem | undefined> {
  const problem = async (at: number, found: string) => ({ line: await lineOf(file, at, signal), found });
  const quotes = new CsvQuotes(delimiter);
  let offset = 0;
  let lineStart = 0;
  for await (const chunk of chunksOf(file, { highWaterMark: CHUNK, signal })) {
    const nul = chunk.indexOf(0);
    if (nul >= 0) return problem(offset + nul, 'it has a NUL byte');
    for (let from = 0; from < chunk.length; from += BLOCK) {
      const block = chunk.subarray(from, from + BLOCK);
      const [first, last] = lineEnds(block);
      const end = first ?? block.length;
      if (offset + from + end - lineStart > MAX_LINE_BYTES) {
        return problem(lineStart, `the line is longer than ${MAX_LINE_BYTES} bytes`);
      }
      if (last !== undefined) lineStart = offset + from + last + 1;
    }
    const misplaced = quotes.pass(chunk);
    if (misplaced !== undefined) return problem(misplaced, MISPLACED_QUOTE);
    if (quotes.openFor > MAX_LINE_BYTES) return problem(quotes.opened, MISPLACED_QUOTE);
    offset += chunk.length;
  }
  return quotes.openFor > 0 ? problem(quotes.opened, MISPLACED_QUOTE) : undefined;
}

const MISPLACED_QUOTE = 'a quote never closes, or stands inside a value without being doubled';

/**
 * The line on which a row begins, both from 1; the first line holds the names. Rows are told apart as DuckDB does it:
 * a line feed in quotes ends none, and an empty line is a row only where there is one column.
 */
export async function lineOfRow(
  file: string,
  row: number,
  { delimiter, names }: CsvHeader,
  signal?: AbortSignal,
): Promise<number> {
  const quotes = new CsvQuotes(delimiter);
  let [line, begun, rows, empty] = [1, 1, -1, true];
  for await (const chunk of chunksOf(file, { highWaterMark: BLOCK, signal })) {
    for (let from = 0; from < chunk.length;) {
      const feed = chunk.indexOf(LINE_FEED, from);
      const rest = chunk.subarray(from, feed < 0 ? chunk.length : feed + 1);
      from += rest.length;
      quotes.pass(rest);
      empty &&= rest.every((byte) => byte === LINE_FEED || byte === CARRIAGE_RETURN);
      if (feed < 0) break;
      line += 1;
      if (quotes.openFor > 0) continue;
      if (!empty || names.length === 1) rows += 1;
      if (rows === row) return begun;
      [begun, empty] = [line, true];
    }
  }
  return begun;
}

const CHUNK = 4 * 1024 * 1024;
/** Only the first and the last line end of a block are looked for: that is fast, and enough to see a long line. */
const BLOCK = 64 * 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

function lineEnds(block: Buffer): [first: number, last: number] | [] {
  for (const mark of [LINE_FEED, CARRIAGE_RETURN]) {
    const first = block.indexOf(mark);
    if (first >= 0) return [first, block.lastIndexOf(mark)];
  }
  return [];
}

async function lineOf(file: string, offset: number, signal: AbortSignal | undefined): Promise<number> {
  let line = 1;
  if (offset === 0) return line;
  for await (const chunk of chunksOf(file, { end: offset - 1, signal })) {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) line += 1;
  }
  return line;
}

function chunksOf(
  file: string,
  { signal, ...options }: { highWaterMark?: number; end?: number; signal: AbortSignal | undefined },
): AsyncIterable<Buffer> {
  return createReadStream(file, { ...options, ...(signal && { signal }) });
}
