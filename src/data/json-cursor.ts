import { KIND, numberKind } from './json-kind.js';
import { RowError } from './row-problem.js';

/** Deepest nesting of a value. */
export const MAX_DEPTH = 100;

/**
 * Goes through the bytes of one JSON text (RFC 8259), which are UTF-8, and refuses what many readers let pass: keys that
 * stand twice in an object at any depth, halves of surrogate pairs, NUL characters, and nesting beyond {@link MAX_DEPTH}.
 * Every method starts at `at`, and leaves it behind what it has passed.
 */
export class JsonCursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** Where the text ends. */
  end = 0;
  /** Whether the string just passed has a backslash. */
  escaped = false;
  #start = 0;
  #line = 0;

  /** Points at one line of a buffer; the line feed is not part of it. */
  open(bytes: Buffer, start: number, end: number, line: number): void {
    [this.bytes, this.at, this.end, this.#start, this.#line] = [bytes, start, end, start, line];
  }

  /** Passes white space, and tells the byte behind it: -1 at the end. */
  next(): number {
    const { bytes, end } = this;
    let at = this.at;
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? -1;
      if (byte !== SPACE && byte !== TAB && byte !== RETURN && byte !== FEED) {
        this.at = at;
        return byte;
      }
    }
    this.at = at;
    return -1;
  }

  /** Passes white space and this byte. */
  expect(byte: number): void {
    if (this.next() !== byte) throw this.unexpected(`want "${String.fromCharCode(byte)}"`);
    this.at += 1;
  }

  /** Passes a value that is neither text nor nested, and tells its kind: 0 for null. */
  scalar(first: number): number {
    if (first === LETTER_N) return this.#word('null', 0);
    if (first === LETTER_T) return this.#word('true', KIND.boolean);
    if (first === LETTER_F) return this.#word('false', KIND.boolean);
    return this.#number();
  }

  /** Passes a string with its quotes; `at` is on the first. */
  string(): void {
    const { bytes, end } = this;
    this.escaped = false;
    for (let at = this.at + 1; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.at = at + 1;
        return;
      }
      if (byte === BACKSLASH) {
        this.escaped = true;
        at = this.#escape(at);
      } else if (byte < SPACE) {
        this.at = at;
        throw this.unexpected('want it as an escape, such as \\n');
      }
    }
    this.at = end;
    throw this.unexpected('a text does not end');
  }

  /** The text between two places, without its quotes. */
  text(start: number, end: number, escaped: boolean): string {
    // Strings were passed above, so this cannot fail.
    if (escaped) return JSON.parse(this.bytes.toString('utf8', start - 1, end + 1)) as string;
    return this.bytes.toString('utf8', start, end);
  }

  /** Passes an object or a list; `at` is on its bracket, `depth` is its own, from 1. */
  nested(depth: number): void {
    const keys: (Set<string> | undefined)[] = [];
    for (;;) {
      if (depth + keys.length > MAX_DEPTH) throw this.unexpected(`it is nested more than ${MAX_DEPTH} levels deep`);
      const opening = this.bytes[this.at];
      this.at += 1;
      const own = opening === BRACE ? new Set<string>() : undefined;
      if (this.next() === (own ? BRACE_END : BRACKET_END)) this.at += 1;
      else {
        keys.push(own);
        if (own) this.#key(own);
        if (this.#opensNested()) continue;
      }
      if (!this.#goesOn(keys)) return;
    }
  }

  unexpected(what: string): RowError {
    const byte = this.at < this.end ? `byte ${this.at - this.#start + 1}` : 'its end';
    return new RowError({ line: this.#line, found: `it is not JSON: at ${byte} ${what}` });
  }

  refused(found: string): RowError {
    return new RowError({ line: this.#line, found });
  }

  /** Behind a value inside of `keys`: passes commas, keys and plain values up to the next bracket that opens. */
  #goesOn(keys: (Set<string> | undefined)[]): boolean {
    while (keys.length > 0) {
      const own = keys.at(-1);
      const byte = this.next();
      if (byte === COMMA) {
        this.at += 1;
        if (own) this.#key(own);
        if (this.#opensNested()) return true;
      } else if (byte === (own ? BRACE_END : BRACKET_END)) {
        this.at += 1;
        keys.pop();
      } else throw this.unexpected(`want a comma or "${own ? '}' : ']'}"`);
    }
    return false;
  }

  /** Passes a plain value; true, with nothing passed, before one that is nested. */
  #opensNested(): boolean {
    const first = this.next();
    if (first === BRACE || first === BRACKET) return true;
    if (first === QUOTE) this.string();
    else this.scalar(first);
    return false;
  }

  #key(known: Set<string>): void {
    if (this.next() !== QUOTE) throw this.unexpected('want a key in quotes');
    const start = this.at + 1;
    this.string();
    const key = this.text(start, this.at - 1, this.escaped);
    if (known.has(key)) throw this.refused('a key stands twice in one object');
    known.add(key);
    this.expect(COLON);
  }

  #word(word: string, kind: number): number {
    const end = this.at + word.length;
    if (this.bytes.toString('latin1', this.at, Math.min(end, this.end)) !== word) throw this.unexpected('want a value');
    this.at = end;
    return kind;
  }

  #number(): number {
    const start = this.at;
    let at = start;
    const { bytes } = this;
    if (bytes[at] === MINUS) at += 1;
    const digits = at;
    at = this.#digits(at);
    if (bytes[digits] === ZERO && at > digits + 1) throw this.unexpected('a number begins with a zero');
    const whole = at;
    if (at < this.end && bytes[at] === DOT) at = this.#digits(at + 1);
    if (at < this.end && (bytes[at] === LETTER_E || bytes[at] === CAPITAL_E)) {
      at += 1;
      if (bytes[at] === MINUS || bytes[at] === PLUS) at += 1;
      at = this.#digits(at);
    }
    this.at = at;
    if (at === whole && at - digits < 16) return KIND.whole;
    return numberKind(bytes.toString('latin1', start, at));
  }

  /** The place behind one digit or more. */
  #digits(start: number): number {
    let at = start;
    while (at < this.end && isDigit(this.bytes[at] ?? 0)) at += 1;
    if (at === start) throw this.unexpected('want a value');
    return at;
  }

  /** Checks the escape at a backslash, and tells its last byte. */
  #escape(at: number): number {
    this.at = at;
    const letter = this.bytes[at + 1] ?? 0;
    if (at + 1 >= this.end || !ESCAPES.has(letter)) throw this.unexpected('a backslash stands before what it cannot');
    if (letter !== LETTER_U) return at + 1;
    const unit = this.#unit(at);
    if (unit === 0) throw this.refused('a text has a NUL character');
    if (unit < 0xd8_00 || unit > 0xdf_ff) return at + 5;
    const second = unit < 0xdc_00 && this.bytes[at + 6] === BACKSLASH && this.bytes[at + 7] === LETTER_U;
    const low = second ? this.#unit(at + 6) : 0;
    if (low < 0xdc_00 || low > 0xdf_ff) throw this.refused('a text has half of a surrogate pair');
    return at + 11;
  }

  #unit(at: number): number {
    const hex = at + 6 <= this.end ? this.bytes.toString('latin1', at + 2, at + 6) : '';
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.unexpected('want four hexadecimal digits behind \\u');
    return Number.parseInt(hex, 16);
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

const SPACE = 0x20;
const TAB = 0x09;
const FEED = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LETTER_E = 0x65;
const CAPITAL_E = 0x45;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const LETTER_F = 0x66;
const LETTER_U = 0x75;
const ESCAPES = new Set(Buffer.from('"\\/bfnrtu'));
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const BRACE = 0x7b;
export const BRACE_END = 0x7d;
export const BRACKET = 0x5b;
export const BRACKET_END = 0x5d;
