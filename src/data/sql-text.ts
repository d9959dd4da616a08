/** An SQL identifier in double quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An SQL string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A literal for a path that names exactly one file: DuckDB would read `*`, `?` and `[` as a pattern. */
export function quoteFile(path: string): string {
  return quoteText(path.replaceAll(/[*?[]/g, (character) => `[${character}]`));
}

/** `read_parquet` over files whose columns are matched by name. */
export function readParquet(files: readonly string[]): string {
  return `read_parquet([${files.map(quoteFile).join(', ')}], union_by_name = true)`;
}

/** A literal for an instant in ISO 8601 UTC; years before the first are the beginning of time. */
export function timestamp(iso: string): string {
  const text = new Date(iso).toISOString();
  return `TIMESTAMP ${quoteText(text.startsWith('-') ? '-infinity' : text.replace('T', ' ').replace('Z', ''))}`;
}

/** SQL for a TIMESTAMP as ISO 8601 text in UTC with milliseconds, as `Date.toISOString` writes it. */
export function isoText(time: string): string {
  return `strftime(${time}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
}
