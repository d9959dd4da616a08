import type { CleanText } from './clean-text.js';

const LINE_LENGTH = 4096;
/** Lines that are kept for error messages. */
const TAIL_LINES = 40;
const TAIL_LENGTH = 500;
/** Most that is passed on of the log of one job. */
const MOST_LINES = 20_000;
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** The log of one job: passes lines on, up to a bound, and keeps the last ones for error messages. */
export class LogLines {
  readonly #clean: CleanText;
  readonly #pass: ((line: string) => void) | undefined;
  readonly #tail: string[] = [];
  #lines = 0;
  #characters = 0;
  #droppedLines = 0;
  #droppedCharacters = 0;

  constructor(clean: CleanText, pass?: (line: string) => void) {
    this.#clean = clean;
    this.#pass = pass;
  }

  add(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    if (this.#pass === undefined) return;
    if (this.#lines < MOST_LINES && this.#characters < MOST_CHARACTERS) {
      const shown = this.#clean(line, LINE_LENGTH);
      this.#lines += 1;
      this.#characters += shown.length;
      this.#pass(shown);
    } else {
      this.#droppedLines += 1;
      this.#droppedCharacters += line.length;
    }
  }

  /** The last lines, at most 40. */
  get tail(): readonly string[] {
    return this.#tail.map((line) => this.#clean(line, TAIL_LENGTH));
  }

  /** The job has ended: says how much was left out. */
  end(): void {
    if (this.#droppedLines === 0) return;
    this.#pass?.(`... ${this.#droppedLines} more lines (${this.#droppedCharacters} characters) were left out`);
    this.#droppedLines = 0;
  }
}
