/** What the placeholders of an SQL rule stand for. */
export interface SqlPlace {
  /** The name that the checked rows go by. */
  readonly table: string;
  /** Other names of the table that a query may use as they stand. */
  readonly aliases: readonly string[];
  readonly column?: string;
}

/**
 * The query of an SQL rule with its placeholders filled in: `{object}`, `{property}` and the older `{table}`, `{column}`,
 * each also as `${...}`. `why` says what keeps it from being run.
 */
export function sqlOf(
  query: string,
  { table, aliases, column }: SqlPlace,
): { readonly query: string } | { readonly why: string } {
  const text = query.trim().replace(/\s*;$/, '');
  // A name alone must not end the text of another statement: the engine runs it in a jail, and only one.
  if (!/^(?:select|with|from|values)\b/i.test(withoutComments(text))) return { why: 'want one SELECT' };
  let missing: string | undefined;
  const filled = text.replaceAll(PLACEHOLDER, (whole: string, quote: string, name: string) => {
    const value = /^(?:object|table)$/i.test(name) ? table : column;
    if (value === undefined) missing = whole;
    return value === undefined ? whole : quotedName(value);
  });
  if (missing !== undefined) return { why: `${missing} stands in a rule of a table, not of a column` };
  const named = aliases.filter((alias) => alias.toLowerCase() !== table.toLowerCase());
  if (named.length === 0) return { query: filled };
  const views = named.map((alias) => `${quotedName(alias)} AS (SELECT * FROM ${quotedName(table)})`);
  return { query: `WITH ${views.join(', ')} SELECT * FROM (${filled}\n)` };
}

/** With the quotes that people put around it, which would double ours. */
const PLACEHOLDER = /(["`]?)\$?\{(object|table|property|column)\}\1/gi;

function withoutComments(text: string): string {
  return text.replaceAll(/--[^\n]*\n|\/\*[\s\S]*?\*\//g, '').trim();
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
