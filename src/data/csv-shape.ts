/** What is wrong at a place of the file. */
export interface Misshape {
  /** Offset in the file. */
  readonly at: number;
  readonly found: string;
}

/**
 * Watches the quotes and line ends of a CSV file go by, and finds those that readers understand differently. A quote opens
 * a value only at its beginning, spaces aside, and behind the one that closes it stands the end of the value, spaces
 * aside: DuckDB takes `"a" "b"` for a value, and nobody knows which. Inside of a value without quotes a quote is a letter
 * like any other. All lines end alike: behind a single CR in a file of CR LF DuckDB drops spaces.
 */
export class CsvShape {
  /** Where the quote stands that was opened last. */
  opened = 0;
  #state = BEGIN;
  #offset = 0;
  /** The byte before was a CR outside of quotes. */
  #returned = false;
  #lineEnd: LineEnd | undefined;
  readonly #kinds = new Uint8Array(256);

  constructor(delimiter: string) {
    this.#kinds[QUOTE] = QUOTES;
    this.#kinds[SPACE] = SPACES;
    for (const end of [delimiter.charCodeAt(0), LINE_FEED, CARRIAGE_RETURN]) this.#kinds[end] = ENDS;
  }

  /** How many bytes ago a quote was opened that has not been closed, as of the last chunk; 0 for none. */
  get openFor(): number {
    return this.#state === OPEN ? this.#offset - this.opened : 0;
  }

  /** @param chunk the bytes that come next */
  pass(chunk: Buffer): Misshape | undefined {
    const begun = this.#offset;
    this.#offset += chunk.length;
    if (this.#isPlain(chunk)) {
      if (this.#state !== OPEN) this.#state = this.#stateBehind(chunk);
      return undefined;
    }
    const kinds = this.#kinds;
    let state = this.#state;
    for (let at = begun === 0 && chunk.subarray(0, 3).equals(UTF8_MARK) ? 3 : 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (state !== OPEN && (byte === LINE_FEED || this.#returned)) {
        const before = this.#lineEnd;
        const here = byte !== LINE_FEED ? 'CR' : this.#returned ? 'CR LF' : 'LF';
        if (before !== undefined && before !== here) {
          return {
            at: begun + at - Number(this.#returned),
            found: `line ends are mixed: ${before} before, ${here} here`,
          };
        }
        this.#lineEnd = here;
      }
      const next = NEXT[state * KINDS + (kinds[byte] ?? 0)] ?? MISPLACED;
      if (next === MISPLACED) return { at: begun + at, found: MISPLACED_QUOTE };
      if (next === OPEN && state === BEGIN) this.opened = begun + at;
      this.#returned = byte === CARRIAGE_RETURN && state !== OPEN;
      state = next;
    }
    this.#state = state;
    return undefined;
  }

  /** Without quotes, and with no line ends but LF, or inside of quotes: then only the last bytes matter. */
  #isPlain(chunk: Buffer): boolean {
    if (chunk.includes(QUOTE)) return false;
    if (this.#state === OPEN) return true;
    if (this.#state > OPEN || this.#returned || chunk.includes(CARRIAGE_RETURN)) return false;
    if (chunk.includes(LINE_FEED)) this.#lineEnd ??= 'LF';
    return this.#lineEnd === undefined || this.#lineEnd === 'LF' || !chunk.includes(LINE_FEED);
  }

  #stateBehind(chunk: Buffer): number {
    for (let at = chunk.length - 1; at >= 0; at -= 1) {
      const kind = this.#kinds[chunk[at] ?? 0];
      if (kind === ENDS) return BEGIN;
      if (kind !== SPACES) return INSIDE;
    }
    return this.#state;
  }
}

export const MISPLACED_QUOTE = 'a quote never closes, or stands inside a value without being doubled';

type LineEnd = 'LF' | 'CR LF' | 'CR';

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const QUOTE = 0x22;
const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

// Kinds of bytes.
const KINDS = 4;
const QUOTES = 1;
const SPACES = 2;
const ENDS = 3;

// States: before a value, inside of one without quotes, of one in quotes, behind a quote in it (closed, or the first of
// two), behind spaces after that.
const BEGIN = 0;
const INSIDE = 1;
const OPEN = 2;
const QUOTED = 3;
const CLOSED = 4;
const MISPLACED = 5;

// By state, for any other byte, a quote, a space, an end.
const NEXT = new Uint8Array(
  [
    [INSIDE, OPEN, BEGIN, BEGIN],
    [INSIDE, INSIDE, INSIDE, BEGIN],
    [OPEN, QUOTED, OPEN, OPEN],
    [MISPLACED, OPEN, CLOSED, BEGIN],
    [MISPLACED, MISPLACED, CLOSED, BEGIN],
  ].flat(),
);
