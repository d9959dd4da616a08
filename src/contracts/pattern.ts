/**
 * A regular expression of ECMA-262, as data contracts write them, in the syntax of RE2 and such that it matches the whole
 * text where the original matches somewhere in it. `why` says what RE2 cannot do: it never looks back, so that no pattern
 * can make a check take for ever.
 */
export function re2Pattern(source: string): { readonly pattern: string } | { readonly why: string } {
  const translated = translate(source);
  if ('why' in translated) return translated;
  const { pattern } = translated;
  // One alternative between ^ and $ is the whole text as it stands.
  const whole = /^\^([^|]*)\$$/.exec(pattern)?.[1];
  if (whole !== undefined && !/(^|[^\\])(\\\\)*\\$/.test(whole)) return { pattern: whole };
  return { pattern: `(?s:.*)(?:${pattern})(?s:.*)` };
}

/** Whether it is a regular expression at all. */
export function isEcmaPattern(source: string): boolean {
  try {
    return typeof new RegExp(source).source === 'string';
  } catch {
    return false;
  }
}

function translate(source: string): { readonly pattern: string } | { readonly why: string } {
  let pattern = '';
  let isClass = false;
  for (let index = 0; index < source.length; index += 1) {
    const rest = source.slice(index);
    const [token, replacement, why] = next(rest, isClass);
    if (why !== undefined) return { why };
    if (token === '[') isClass = true;
    if (token === ']') isClass = false;
    pattern += replacement;
    index += token.length - 1;
  }
  return { pattern };
}

/** The next piece, what stands for it in RE2, and why it cannot. */
function next(rest: string, isClass: boolean): readonly [token: string, replacement: string, why?: string] {
  if (rest.startsWith('\\')) return escape(rest);
  // RE2 reads [:alpha:] where ECMA-262 reads characters.
  if (isClass && rest.startsWith('[')) return ['[', '\\['];
  if (isClass) return [rest.charAt(0), rest.charAt(0)];
  if (/^\[\^?\]/.test(rest)) return ['', '', 'a class without members'];
  if (/^\(\?(?:[=!]|<[=!])/.test(rest)) return ['', '', 'looking ahead or back'];
  if (rest.startsWith('(?<')) return ['(?<', '(?P<'];
  const times = /^\{(\d+)(?:,(\d*))?\}/.exec(rest);
  if (times && Math.max(Number(times[1]), Number(times[2] ?? 0)) > 1000) return ['', '', 'more than 1000 repetitions'];
  return [rest.charAt(0), rest.charAt(0)];
}

function escape(rest: string): readonly [string, string, string?] {
  const unicode = /^\\u(?:([0-9A-Fa-f]{4})|\{([0-9A-Fa-f]+)\})/.exec(rest);
  if (unicode) return [unicode[0], `\\x{${unicode[1] ?? unicode[2]}}`];
  if (/^\\(?:[1-9]|k<)/.test(rest)) return ['', '', 'a reference to an earlier group'];
  if (/^\\c[A-Za-z]/.test(rest)) return ['', '', 'a control character by its letter'];
  if (rest.startsWith('\\0')) return ['\\0', '\\x00'];
  return [rest.slice(0, 2), rest.slice(0, 2)];
}
