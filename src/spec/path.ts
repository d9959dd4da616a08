/** Where something stands in a spec: keys and list positions from the top. */
export type SpecPath = readonly (string | number)[];

/** A problem before its file, line and column are known. */
export interface SpecIssue {
  readonly path: SpecPath;
  /** What was found and what is wanted, in one sentence without the path. */
  readonly message: string;
  /** `key` when the key itself is wrong, not its value. */
  readonly at?: 'key';
}

/** The path as people read it: `task.features[2]`, `contract.flights.columns["dep delay"].min`; `''` for the whole. */
export function pathText(path: SpecPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]{0,99}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${quoted(part)}]`;
  }
  return text;
}

/** A text in double quotes, shortened to 60 characters, with what a terminal would not show as it is escaped. */
export function quoted(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return visible(JSON.stringify(shown));
}

/** Escapes control characters, lone surrogates and what turns the direction of text: a screen then shows what is there. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** A value as a message names it. */
export function described(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'keys and values';
  return `a ${typeof value}`;
}
