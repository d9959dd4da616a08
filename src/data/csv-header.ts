import { open } from 'node:fs/promises';
import { DataEmptyError, DataUnreadableError } from '../errors.js';
import { MAX_COLUMNS } from './column-names.js';

export interface CsvHeader {
  readonly delimiter: string;
  /** As they stand in the file: duplicates and empty ones too. */
  readonly names: readonly string[];
  /** Written by a database: an empty value in quotes is an empty text, one without is missing. Default: both are missing. */
  readonly exact?: boolean;
}

/** Longest line of a CSV file in bytes. */
export const MAX_LINE_BYTES = 2_000_000;

const DELIMITERS = [',', ';', '\t', '|'];
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads the first line of a CSV file: it holds the column names. The delimiter is the one of comma, semicolon, tab and
 * bar that stands there most often outside of quotes, so a broken row further down cannot change how the file is read.
 *
 * @param known the delimiter, one of those, where it is known
 * @throws {DataUnreadableError} for a line that never ends, an open quote or bytes that are no UTF-8;
 * {@link DataEmptyError} when nothing but white space is there.
 */
export async function readCsvHeader(file: string, object: string, known?: string): Promise<CsvHeader> {
  const bytes = await firstBytes(file);
  const line = decoded(firstLine(bytes, object), object);
  if (line.trim() === '') {
    if (bytes.length < MAX_LINE_BYTES && bytes.toString('latin1').trim() === '') {
      throw new DataEmptyError(`Cannot read "${object}": the file holds nothing but white space`, {
        fix: 'Write the file again, or remove it from the source.',
        details: { object },
      });
    }
    refuse(object, 'its first line is empty, want the column names');
  }
  const counts = delimiterCounts(line);
  const delimiter = known ?? likelyDelimiter(counts);
  const columns = (counts.get(delimiter) ?? 0) + 1;
  // Before a million names are made of it.
  if (columns > MAX_COLUMNS) refuse(object, `it has ${columns} columns, the most is ${MAX_COLUMNS}`);
  const names = splitLine(line, delimiter).map((name, index) => unquoted(name, index + 1, object));
  return { delimiter, names };
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(MAX_LINE_BYTES, (await handle.stat()).size));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Up to the first line end outside of quotes. In UTF-8 no byte of a longer character looks like one of these. */
function firstLine(bytes: Buffer, object: string): Buffer {
  let quoted = false;
  for (const [index, byte] of bytes.entries()) {
    if (byte === QUOTE) quoted = !quoted;
    else if (!quoted && (byte === LINE_FEED || byte === CARRIAGE_RETURN)) return bytes.subarray(0, index);
  }
  if (quoted) refuse(object, 'a quote in its first line never closes');
  if (bytes.length >= MAX_LINE_BYTES) refuse(object, `its first line is longer than ${MAX_LINE_BYTES} bytes`);
  return bytes;
}

function decoded(line: Buffer, object: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch {
    return refuse(object, 'its first line has bytes that are not UTF-8');
  }
}

function delimiterCounts(line: string): Map<string, number> {
  const counts = new Map(DELIMITERS.map((delimiter) => [delimiter, 0]));
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && counts.has(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  return counts;
}

function likelyDelimiter(counts: ReadonlyMap<string, number>): string {
  let best = ',';
  for (const [delimiter, count] of counts) if (count > (counts.get(best) ?? 0)) best = delimiter;
  return best;
}

function splitLine(line: string, delimiter: string): string[] {
  const names: string[] = [];
  let begin = 0;
  let quoted = false;
  for (let index = 0; index <= line.length; index += 1) {
    if (line[index] === '"') quoted = !quoted;
    if (index < line.length && (quoted || line[index] !== delimiter)) continue;
    names.push(line.slice(begin, index));
    begin = index + 1;
  }
  return names;
}

/** A name as it was written, without its quotes and the spaces around them. */
function unquoted(written: string, place: number, object: string): string {
  if (!written.includes('"')) return written;
  const text = /^ *"((?:[^"]|"")*)" *$/.exec(written)?.[1];
  return text?.replaceAll('""', '"') ?? refuse(object, `a quote stands inside of the name of column ${place}`);
}

function refuse(object: string, what: string): never {
  throw new DataUnreadableError(`Cannot read "${object}": ${what}`, {
    fix: 'Write the file again as UTF-8 text whose first line names the columns.',
    details: { object, line: 1 },
  });
}
