/**
 * Passes over a structure in Thrift's compact protocol, in which Parquet writes its footer and page headers. What is no
 * Thrift, or ends too early, or claims lists longer than the bytes that are left, is a RangeError: a reader that makes room
 * for what a list claims would need gigabytes for a few bytes.
 *
 * Format: `thrift-compact-protocol.md` of Apache Thrift.
 */
export class CompactReader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  struct(field: (id: number, type: number) => void): void {
    for (let id = 0; ;) {
      const head = this.bytes.readUInt8(this.#pass(1));
      const type = head & 15;
      if (type === STOP) return;
      id = head >> 4 === 0 ? this.integer() : id + (head >> 4);
      field(id, type);
    }
  }

  /** A zigzag number of any width; beyond 2^53 it is not exact, and none that large is wanted. */
  integer(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skip(type: number, depth = 0): void {
    if (depth > MAX_DEPTH) throw new RangeError('too deep');
    switch (type) {
      case TRUE:
      case FALSE:
        return;
      case BYTE:
        this.#pass(1);
        return;
      case INT16:
      case INT32:
      case INT64:
        this.#varint();
        return;
      case DOUBLE:
        this.#pass(8);
        return;
      case BINARY:
        this.#pass(this.#varint());
        return;
      case LIST:
      case SET:
        this.list(1, (inner) => this.#element(inner, depth));
        return;
      case MAP:
        this.#map(depth);
        return;
      case STRUCT:
        this.struct((_, inner) => this.skip(inner, depth + 1));
        return;
      case UUID:
        this.#pass(16);
        return;
      default:
        throw new RangeError('no type');
    }
  }

  /** Passes over a list whose elements have `least` bytes each or more. */
  list(least: number, element: (type: number) => void): void {
    const head = this.bytes.readUInt8(this.#pass(1));
    const length = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (length * least > this.bytes.length - this.at) throw new RangeError('longer than what is left');
    for (let index = 0; index < length; index += 1) element(head & 15);
  }

  #map(depth: number): void {
    const length = this.#varint();
    const types = length === 0 ? 0 : this.bytes.readUInt8(this.#pass(1));
    if (length * 2 > this.bytes.length - this.at) throw new RangeError('longer than what is left');
    for (let index = 0; index < length; index += 1) {
      this.#element(types >> 4, depth);
      this.#element(types & 15, depth);
    }
  }

  /** Outside of structures a boolean is a byte. */
  #element(type: number, depth: number): void {
    this.skip(type === TRUE || type === FALSE ? BYTE : type, depth + 1);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.bytes.readUInt8(this.#pass(1));
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError('too long');
  }

  /** Moves on, and tells where it was. */
  #pass(length: number): number {
    const from = this.at;
    if (length > this.bytes.length - from) throw new RangeError('ends too early');
    this.at = from + length;
    return from;
  }
}

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const INT16 = 4;
export const INT32 = 5;
const INT64 = 6;
const DOUBLE = 7;
const BINARY = 8;
export const LIST = 9;
const SET = 10;
const MAP = 11;
export const STRUCT = 12;
const UUID = 13;

/** Parquet's own structures nest six deep; this ends what was made to go on. */
const MAX_DEPTH = 32;
