const ABOUT_VALUES = new Set(['Conversion', 'Invalid Input', 'Out of Range', 'Constraint']);

/** What DuckDB said about one statement. Internal to src/data: it leaves as one of the typed errors of src/errors.ts. */
export class QueryError extends Error {
  /** `Parser`, `Binder`, `Conversion`, `Invalid Input`, `Out of Memory`, ...: the first words of DuckDB's message. */
  readonly kind: string;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'QueryError';
    this.kind = /^([A-Z][A-Za-z ]*?) Error:/.exec(message)?.[1] ?? '';
  }

  /** The message without its kind, its advice on DuckDB's options and its picture of the statement. */
  get summary(): string {
    const text = this.message
      .replace(/^(Failed to extract statements: )?[A-Z][A-Za-z ]*? Error: /, '')
      .replace(/\n+(LINE \d+:|Possible |file =|\s+file =)[^]*$/, '');
    // What a conversion failed on is a value of somebody's row, and messages go far.
    const discreet = ABOUT_VALUES.has(this.kind) ? text.replaceAll(/'(?:[^']|'')*'/g, "'...'") : text;
    return discreet.length > 600 ? `${discreet.slice(0, 600)}...` : discreet.trim();
  }

  /** Line of the statement, from 1, and the picture that DuckDB drew of it. */
  get position(): { readonly line: number; readonly excerpt: string } | undefined {
    const match = /\nLINE (\d+): ([^]*)$/.exec(this.message);
    return match ? { line: Number(match[1]), excerpt: (match[2] ?? '').slice(0, 300) } : undefined;
  }
}

/** Any error of DuckDB's client as a {@link QueryError}. */
export function queryError(error: unknown): QueryError {
  if (error instanceof QueryError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new QueryError(message.replace(/^Failed to extract statements: /, ''), error);
}

/** True when a statement wanted more memory than its job has. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof QueryError && error.kind === 'Out of Memory';
}
