/** What a text vector can do without its typed array. */
export interface TextVector {
  readonly itemCount: number;
  getItem(index: number): string | null;
}

/**
 * Turns DuckDB's text vectors into JavaScript strings and remembers short ones, so that a column of a few thousand
 * different texts is decoded once a text, not once a row: three times faster, and equal texts share their memory.
 */
export class TextCache {
  readonly #known = new Map<number, Map<number, Map<number, string>>>();
  #size = 0;

  /** Decodes a vector into `values` from `offset` on. `view` is the vector's data: 16 bytes a text. */
  read(view: DataView, vector: TextVector, values: string[], offset: number): void {
    const words = new Uint32Array(view.buffer, view.byteOffset, vector.itemCount * WORDS);
    for (let row = 0; row < vector.itemCount; row += 1) {
      const at = row * WORDS;
      const bytes = words[at] ?? 0;
      const text =
        bytes > INLINE_BYTES
          ? vector.getItem(row)
          : // Length and first four bytes in one number: a text may hold a NUL, so padding alone says nothing.
            this.#short((words[at + 1] ?? 0) * 16 + bytes, words[at + 2] ?? 0, words[at + 3] ?? 0, vector, row);
      values[offset + row] = text ?? '';
    }
  }

  #short(first: number, second: number, third: number, vector: TextVector, row: number): string {
    const known = this.#known.get(first)?.get(second)?.get(third);
    if (known !== undefined) return known;
    const text = vector.getItem(row) ?? '';
    // A column of identifiers would only fill the memory.
    if (this.#size >= MOST_TEXTS) return text;
    this.#size += 1;
    let bySecond = this.#known.get(first);
    if (!bySecond) this.#known.set(first, (bySecond = new Map()));
    let byThird = bySecond.get(second);
    if (!byThird) bySecond.set(second, (byThird = new Map()));
    byThird.set(third, text);
    return text;
  }
}

const WORDS = 4;
const INLINE_BYTES = 12;
const MOST_TEXTS = 100_000;
