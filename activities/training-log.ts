/** Characters that are kept of the beginning and of the end: what is between is told by its number of lines. */
const HEAD = 2 * 1024 * 1024;
const TAIL = 2 * 1024 * 1024;

/** The log of one attempt, in memory that does not grow beyond four million characters. */
export class TrainingLog {
  readonly #head: string[] = [];
  readonly #tail: string[] = [];
  #headSize = 0;
  #tailSize = 0;
  #dropped = 0;
  #last: string | undefined;

  add(line: string): void {
    this.#last = line;
    const size = line.length + 1;
    if (this.#headSize + size <= HEAD && this.#tail.length === 0) {
      this.#head.push(line);
      this.#headSize += size;
      return;
    }
    this.#tail.push(line);
    this.#tailSize += size;
    if (this.#tailSize > 2 * TAIL) this.#trim();
  }

  /** The newest line. */
  get last(): string | undefined {
    return this.#last;
  }

  /** Empty when nothing was said. */
  get text(): string {
    this.#trim();
    const gap = this.#dropped === 0 ? [] : [`... ${this.#dropped} lines left out ...`];
    return [...this.#head, ...gap, ...this.#tail].map((line) => `${line}\n`).join('');
  }

  /** Not line by line: shifting an array of a million lines would take long each time. */
  #trim(): void {
    let drop = 0;
    for (; this.#tailSize > TAIL && drop < this.#tail.length; drop++) {
      this.#tailSize -= (this.#tail[drop]?.length ?? 0) + 1;
    }
    this.#tail.splice(0, drop);
    this.#dropped += drop;
  }
}
