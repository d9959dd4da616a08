import { createReadStream } from 'node:fs';
import { MAX_LINE_BYTES } from './csv-header.js';
import type { CsvProblem } from './csv-problem.js';

/**
 * Looks through the bytes of a CSV file for what DuckDB lets pass: NUL bytes, which it takes for text, and lines longer
 * than its buffer, which it drops without a word when they are the last.
 *
 * @returns the first problem, undefined for none
 */
export async function scanCsv(file: string, signal?: AbortSignal): Promise<CsvProblem | undefined> {
  let offset = 0;
  let lineStart = 0;
  for await (const chunk of chunksOf(file, { highWaterMark: CHUNK, signal })) {
    const nul = chunk.indexOf(0);
    if (nul >= 0) return { line: await lineOf(file, offset + nul, signal), found: 'it has a NUL byte' };
    for (let from = 0; from < chunk.length; from += BLOCK) {
      const block = chunk.subarray(from, from + BLOCK);
      const [first, last] = lineEnds(block);
      const end = first ?? block.length;
      if (offset + from + end - lineStart > MAX_LINE_BYTES) {
        const found = `the line is longer than ${MAX_LINE_BYTES} bytes`;
        return { line: await lineOf(file, lineStart, signal), found };
      }
      if (last !== undefined) lineStart = offset + from + last + 1;
    }
    offset += chunk.length;
  }
  return undefined;
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
