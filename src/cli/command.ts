import type { Colors } from 'picocolors/types.js';

/** A word after the command: `<file>` must be there, `[file]` may be, `<model...>` takes many. */
export interface CommandArgument {
  readonly name: string;
  readonly description: string;
}

/** `flags` as people see them: `--reason <text>` takes a value, `--wait` does not. */
export interface CommandOption {
  readonly flags: string;
  readonly description: string;
}

/** What a command is given. Data goes to `out` or `answer` (stdout), all other talk to `note` (stderr). */
export interface CommandContext {
  /** The words after the command, in order; those of a `...` argument last. */
  readonly words: readonly string[];
  /** The value of an option that takes one, by its long name in camel case; undefined when it was not given. */
  readonly text: (option: string) => string | undefined;
  /** Whether an option without a value was given. */
  readonly flag: (option: string) => boolean;
  /** True with `--json`: stdout carries one JSON document (or one a line, for what never ends) and nothing else. */
  readonly json: boolean;
  /** True when stdout is a terminal: only then are redrawing and prompts in place. */
  readonly isTty: boolean;
  /** Columns that stdout has; 80 when it is no terminal. */
  readonly width: number;
  /** Colours for stdout, which do nothing when they are off. */
  readonly colours: Colors;
  /** Aborted on Ctrl-C and on SIGTERM: end what was started and return. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes lines to stdout. */
  readonly out: (text: string) => void;
  /** Writes lines to stderr. */
  readonly note: (text: string) => void;
  /**
   * The command's one result: with `--json` the document, led by `schemaVersion: 1`, else the text.
   */
  readonly answer: (document: Readonly<Record<string, unknown>>, text: () => string) => void;
}

/**
 * One command, one file, loaded when it is called or listed: so the file imports at its top what costs nothing, and the rest
 * inside `run`.
 */
export interface Command {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Lines as one would type them, without the program's name. At least one. */
  readonly examples: readonly [string, ...string[]];
  readonly arguments?: readonly CommandArgument[];
  readonly options?: readonly CommandOption[];
  /** Whether the options that say where Temporal and the store are belong to it. */
  readonly connects?: boolean;
  /** Gives the exit code; nothing means 0. What it throws is reported, see `report-error.ts`. */
  run(context: CommandContext): Promise<number | void>;
}

/** Commands of one subject under one word: `contract infer`, `contract diff`. The word alone is no command. */
export interface CommandGroup {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly examples: readonly [string, ...string[]];
  /** In the order of the help, each loaded on demand. */
  readonly commands: Readonly<Record<string, () => Promise<Command>>>;
}
