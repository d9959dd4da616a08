/**
 * What a message may say of a value that cannot be read, in words that follow "found".
 *
 * Messages stand in Temporal's histories, in run records and in logs, all of them plain text that many people read and
 * that is kept for long, and a value may be personal: when columns are shifted by one, a name stands where a price is
 * wanted. So only words that stand for nothing are shown as they are; of everything else its shape, at most 20
 * characters: letters as a, digits as 9. The line and the column are named beside it: who may open the file finds the value.
 */
export function shownValue(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return text === '' ? 'an empty text' : 'white space';
  if (EMPTY_WORDS.has(trimmed.toLowerCase())) return `"${trimmed}"`;
  const shape = shapeOf(text.slice(0, MOST));
  return text.length > MOST ? `text like "${shape}..." (${text.length} characters)` : `text like "${shape}"`;
}

const MOST = 20;

// What people and programs write for "no value", and what looks like a number or a truth and is none here.
const EMPTY_WORDS = new Set(
  [
    ['n/a', 'na', '#n/a', 'null', '\\n', 'none', 'nil', 'missing', 'unknown', '-', '--', '?', '.', 'undefined'],
    ['nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity', '#value!', '#ref!', '#div/0!'],
    ['true', 'false', 'yes', 'no', 't', 'f', 'y'],
  ].flat(),
);

/** An e or x between digits stays: it tells 1e999 and 0x10 from other text. */
function shapeOf(text: string): string {
  return text.replaceAll(/((?<=\d)[exEX](?=[-+]?\d))|\d|\p{L}|[^ -~]/gu, (found, kept: string | undefined) => {
    if (kept !== undefined) return kept;
    if (/\d/.test(found)) return '9';
    if (/\p{L}/u.test(found)) return /\p{Lu}/u.test(found) ? 'A' : 'a';
    return '?';
  });
}
