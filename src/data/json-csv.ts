import type { FileHandle } from 'node:fs/promises';
import { MAX_LINE_BYTES } from './csv-header.js';
import { MAX_COLUMNS } from './column-names.js';
import { KIND } from './json-kind.js';
import type { JsonRows, JsonValue } from './json-rows.js';

/** Longest line that {@link JsonCsv} writes: every byte may be a quote, which is doubled. */
export const MAX_CSV_LINE_BYTES = 2 * MAX_LINE_BYTES + 3 * MAX_COLUMNS;

/**
 * Writes rows as CSV for DuckDB, the values as they stand in the JSON file: numbers digit for digit, nested values as
 * JSON text, texts in quotes, null and missing as nothing.
 */
export class JsonCsv {
  /** Bytes written, and waiting to be. */
  bytes = 0;
  readonly #buffer = Buffer.allocUnsafe(FULL + MAX_CSV_LINE_BYTES);
  #length = 0;

  constructor(readonly file: FileHandle) {}

  get full(): boolean {
    return this.#length >= FULL;
  }

  row({ values, row, cursor }: JsonRows): void {
    const begun = this.#length;
    for (const [index, value] of values.entries()) {
      if (index > 0) this.#byte(COMMA);
      if (value.row === row && value.kind !== 0) this.#value(value, cursor.bytes);
    }
    this.#byte(LINE_FEED);
    this.bytes += this.#length - begun;
  }

  async flush(): Promise<void> {
    await this.file.writeFile(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  #value(value: JsonValue, bytes: Buffer): void {
    const { start, end, escaped, kind } = value;
    if (kind < KIND.date) {
      this.#copy(bytes, start, end);
      return;
    }
    this.#byte(QUOTE);
    if (escaped) {
      const text = Buffer.from(JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string);
      this.#quoted(text, 0, text.length);
    } else if (kind === KIND.nested) this.#quoted(bytes, start, end);
    // Without a backslash no quote can stand in it.
    else this.#copy(bytes, start, end);
    this.#byte(QUOTE);
  }

  #quoted(bytes: Buffer, start: number, end: number): void {
    for (let from = start; from < end;) {
      const quote = bytes.indexOf(QUOTE, from);
      const to = quote < 0 || quote >= end ? end : quote + 1;
      this.#copy(bytes, from, to);
      if (to < end || quote === end - 1) this.#byte(QUOTE);
      from = to;
    }
  }

  #copy(bytes: Buffer, start: number, end: number): void {
    const buffer = this.#buffer;
    let at = this.#length;
    if (end - start > 32) at += bytes.copy(buffer, at, start, end);
    else for (let from = start; from < end; from += 1, at += 1) buffer[at] = bytes[from] ?? 0;
    this.#length = at;
  }

  #byte(byte: number): void {
    this.#buffer[this.#length] = byte;
    this.#length += 1;
  }
}

const FULL = 1024 * 1024;
const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
