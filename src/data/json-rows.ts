import type { DeclaredTypes } from './csv-relation.js';
import { MAX_COLUMNS } from './column-names.js';
import { BRACE, BRACE_END, BRACKET, COLON, COMMA, JsonCursor, QUOTE } from './json-cursor.js';
import { KIND, textKind, textsMatter } from './json-kind.js';
import { shownValue } from './shown-value.js';

/** A key of the objects, in the order of first appearance. */
export interface JsonColumn {
  readonly name: string;
  /** Bits of `KIND`. */
  kinds: number;
  /** Where each kind was found first. */
  readonly firsts: { readonly kind: number; readonly line: number; readonly shown: string }[];
}

/** Where one value of the current row stands. */
export interface JsonValue {
  /** Of a text without its quotes. */
  start: number;
  end: number;
  /** Of a text: whether it has a backslash. */
  escaped: boolean;
  /** Bits of `KIND`; 0 for null. */
  kind: number;
  /** The row that it was found in. */
  row: number;
}

/**
 * Reads one object a line, learns its keys as columns with the kinds of their values, and leaves the places of the
 * values for {@link JsonRows.values}. Everything is checked: what passes here is sound JSON without surprises.
 */
export class JsonRows {
  readonly columns: JsonColumn[] = [];
  /** By column; those whose `row` is not the current one have no value in it. */
  readonly values: JsonValue[] = [];
  readonly cursor = new JsonCursor();
  /** Number of the current row, from 1. */
  row = 0;
  readonly #declared: DeclaredTypes;
  /** The keys as they stand in the file, to compare bytes with; a key with a backslash is never one of them. */
  readonly #keys: Buffer[] = [];
  readonly #byName = new Map<string, number>();

  /** @param names columns to begin with */
  constructor(declared: DeclaredTypes, names: readonly string[] = []) {
    this.#declared = declared;
    for (const name of names) this.#add(name);
  }

  /**
   * @returns false for a line of white space, which is no row
   * @throws {RowError}
   */
  read(bytes: Buffer, start: number, end: number, line: number): boolean {
    const { cursor } = this;
    cursor.open(bytes, start, end, line);
    const first = cursor.next();
    if (first < 0) return false;
    if (first !== BRACE) throw cursor.unexpected('want one object a line, in braces');
    this.row += 1;
    cursor.at += 1;
    if (cursor.next() === BRACE_END) cursor.at += 1;
    else this.#members(line);
    if (cursor.next() >= 0) throw cursor.unexpected('there is more behind the object, want one a line');
    return true;
  }

  #members(line: number): void {
    const { cursor } = this;
    for (let place = 0; ; place += 1) {
      const index = this.#column(place);
      const value = this.values[index];
      const column = this.columns[index];
      if (!value || !column) throw new Error('a column without its place for values');
      if (value.row === this.row) throw cursor.refused(`the key of column ${index + 1} stands twice in the object`);
      value.row = this.row;
      cursor.expect(COLON);
      this.#value(value, column);
      if (value.kind !== 0 && (column.kinds & value.kind) === 0) {
        column.kinds |= value.kind;
        column.firsts.push({ kind: value.kind, line, shown: this.#shown(value) });
      }
      const byte = cursor.next();
      cursor.at += 1;
      if (byte === BRACE_END) return;
      cursor.at -= 1;
      if (byte !== COMMA) throw cursor.unexpected('want a comma or "}"');
      cursor.at += 1;
    }
  }

  /** Passes a key, and tells its column: mostly the one that stood at this place in the objects before. */
  #column(place: number): number {
    const { cursor } = this;
    if (cursor.next() !== QUOTE) throw cursor.unexpected('want a key in quotes');
    const start = cursor.at + 1;
    const expected = this.#keys[place];
    if (expected && this.#stands(expected, start)) {
      cursor.at = start + expected.length + 1;
      return place;
    }
    cursor.string();
    const name = cursor.text(start, cursor.at - 1, cursor.escaped);
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (name.length > 200) throw cursor.refused(`a key has ${name.length} characters, the most is 200`);
    if (this.columns.length === MAX_COLUMNS) throw cursor.refused(`the objects have more than ${MAX_COLUMNS} keys`);
    return this.#add(name);
  }

  #add(name: string): number {
    this.#byName.set(name, this.columns.length);
    this.#keys.push(Buffer.from(JSON.stringify(name).slice(1, -1)));
    this.values.push({ start: 0, end: 0, escaped: false, kind: 0, row: 0 });
    return this.columns.push({ name, kinds: 0, firsts: [] }) - 1;
  }

  #stands(key: Buffer, start: number): boolean {
    const { bytes, end } = this.cursor;
    if (start + key.length >= end || bytes[start + key.length] !== QUOTE) return false;
    for (let at = 0; at < key.length; at += 1) if (bytes[start + at] !== key[at]) return false;
    return true;
  }

  #value(value: JsonValue, column: JsonColumn): void {
    const { cursor } = this;
    const first = cursor.next();
    value.start = cursor.at;
    value.escaped = false;
    if (first === QUOTE) {
      cursor.string();
      value.start += 1;
      value.end = cursor.at - 1;
      value.escaped = cursor.escaped;
      value.kind = this.#textKind(value, column);
      return;
    }
    if (first === BRACE || first === BRACKET) {
      cursor.nested(2);
      value.kind = KIND.nested;
    } else value.kind = cursor.scalar(first);
    value.end = cursor.at;
  }

  #textKind({ start, end, escaped }: JsonValue, { name, kinds }: JsonColumn): number {
    const declared = this.#declared.get(name);
    if (escaped || end - start > LONGEST_SPELLING || !textsMatter(kinds, declared)) return KIND.text;
    return textKind(this.cursor.bytes.toString('latin1', start, end), declared);
  }

  #shown({ start, end, escaped, kind }: JsonValue): string {
    if (kind === KIND.nested) return 'an object or a list';
    if (kind === KIND.wide || kind === KIND.huge) return 'a whole number with more digits than fit exactly';
    if (kind === KIND.infinite) return 'a number beyond the range of 64 bits';
    const text = this.cursor.text(start, end, escaped);
    if (kind === KIND.boolean) return text;
    return kind === KIND.whole || kind === KIND.fraction ? 'a number' : shownValue(text);
  }
}

/** Longer texts are no numbers and no times. */
const LONGEST_SPELLING = 40;
