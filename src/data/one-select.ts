/** DuckDB's number for SELECT as a type of statement. DESCRIBE, SHOW and PRAGMA have it too: see {@link maySelect}. */
export const SELECT = 1;

const FIRST_WORDS = new Set(['select', 'with', 'from', 'values']);

/** The word that SQL begins with behind comments and brackets; `''` for other characters. Undefined when nothing is there. */
export function firstWord(sql: string): string | undefined {
  const bare = sql.replaceAll(/--[^\n]*|\/\*[^]*?\*\//g, '').trim();
  return bare === '' ? undefined : (/^\(*\s*(\w*)/.exec(bare)?.[1] ?? '');
}

/** Whether SQL that begins with this word can be a SELECT, in any case of letters. */
export function maySelect(word: string): boolean {
  return FIRST_WORDS.has(word.toLowerCase());
}
