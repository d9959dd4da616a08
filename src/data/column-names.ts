import { DataUnreadableError } from '../errors.js';

/** Most columns of one file. */
export const MAX_COLUMNS = 10_000;

/**
 * Refuses column names that could be mistaken for each other or do harm further on: empty, longer than 200 characters,
 * with control or text-direction characters, equal but for case, outer spaces or Unicode form (SQL knows no difference
 * of case), and `__proto__`, which many JSON tools drop or obey. Names such as `constructor` stay.
 *
 * @throws {DataUnreadableError} naming the column by its place, from 1.
 */
export function checkColumnNames(names: readonly string[], object: string): void {
  const refuse = (index: number, what: string): never => {
    throw new DataUnreadableError(`Cannot read "${object}": ${what}`, {
      fix: 'Rename the column where the file is written.',
      details: { object, line: 1, columnIndex: index + 1 },
    });
  };
  if (names.length > MAX_COLUMNS) refuse(MAX_COLUMNS, `it has ${names.length} columns, the most is ${MAX_COLUMNS}`);
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const place = `column ${index + 1}`;
    if (name.trim() === '') refuse(index, `${place} has no name`);
    if (name.length > 200) refuse(index, `the name of ${place} has ${name.length} characters, the most is 200`);
    if (UNSEEN.test(name)) refuse(index, `the name of ${place}, ${escaped(name)}, has characters that cannot be seen`);
    if (name === '__proto__') refuse(index, `${place} is named "__proto__", which is not safe to use as a name`);
    const key = name.trim().normalize('NFC').toLowerCase();
    const first = seen.get(key);
    if (first !== undefined) {
      const other = names[first] ?? '';
      const how =
        other === name ? 'have the same name' : `are named "${other}" and "${name}", which SQL cannot tell apart`;
      refuse(index, `columns ${first + 1} and ${index + 1} ${how}${other === name ? `, "${name}"` : ''}`);
    }
    seen.set(key, index);
  }
}

// Control characters, and those that turn or hide text.
const UNSEEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

function escaped(name: string): string {
  return `"${name.slice(0, 80).replaceAll(new RegExp(UNSEEN, 'gu'), (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  })}"`;
}
