import type { z } from 'zod';
import { nearestName } from './nearest.js';
import { described, quoted, type SpecIssue, type SpecPath } from './path.js';
import { schemaAt, unionAt } from './walk-schema.js';

/**
 * Zod's issues in our words: what was found, what is wanted, and the known name that was most likely meant.
 *
 * @param schema the schema that `input` was parsed with
 * @param issues what zod found
 */
export function specIssues(schema: z.ZodType, input: unknown, issues: readonly z.core.$ZodIssue[]): SpecIssue[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      const known = schemaAt(schema, input, path).keys;
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known), at: 'key' as const }));
    }
    if (issue.code === 'invalid_key') {
      const key = String(path.at(-1));
      return [
        { path, message: `found the name ${quoted(key)}, want ${issue.issues[0]?.message ?? 'another'}`, at: 'key' },
      ];
    }
    const found = valueAt(input, path);
    const meant = issue.code === 'invalid_union' ? issue.errors[unionAt(schema, input, path) ?? -1] : undefined;
    if (meant) {
      const inside = meant.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
      return specIssues(schema, input, inside);
    }
    if (issue.code === 'custom') return [{ path, message: issue.message }];
    if (found === undefined) return [{ path, message: missing(issue, schemaAt(schema, input, path).description) }];
    return [{ path, message: `found ${described(found)}, ${wanted(issue, found)}` }];
  });
}

/** `want one of ...`, with a guess behind it when one of them is near to what was found. */
export function wantOneOf(found: unknown, known: readonly string[]): string {
  return `want ${known.length > 1 ? 'one of ' : ''}${shortList(known)}${didYouMean(found, known)}`;
}

/** `; did you mean "x"?` when a known name is near to what was found, else `''`. */
export function didYouMean(found: unknown, known: readonly string[]): string {
  const guess = typeof found === 'string' ? nearestName(found, known) : undefined;
  return guess === undefined ? '' : `; did you mean ${quoted(guess)}?`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const guess = didYouMean(key, known);
  const want = guess === '' ? `, ${wantOneOf(key, known)}` : guess;
  return `found the unknown key ${quoted(key)}${want}`;
}

function missing(issue: z.core.$ZodIssue, description: string | undefined): string {
  const about = description === undefined ? '' : ` (${description.replace(/\.$/, '')})`;
  return `found nothing, ${wanted(issue, undefined)}${about}`;
}

/** `want ...` */
function wanted(issue: z.core.$ZodIssue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `want ${typeWords(issue.expected)}`;
    case 'invalid_value':
      return wantOneOf(found, issue.values.map(String));
    case 'invalid_union':
      // A union with a discriminator that fits none lists what it knows; any other lists one error an alternative.
      if ('options' in issue && Array.isArray(issue.options)) return wantOneOf(found, issue.options.map(String));
      return `want ${[...new Set(issue.errors.flatMap(unionWords))].join(' or ')}`;
    case 'too_small':
      return `want ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `want ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`;
    // The first is a pattern with our own words; the others stand before this or are in no schema of ours.
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
    case 'custom':
      return `want ${issue.message}`;
  }
}

function unionWords(errors: readonly z.core.$ZodIssue[]): string[] {
  return errors
    .slice(0, 1)
    .map((error) =>
      error.path.length > 0 ? `the key ${String(error.path[0])}` : wanted(error, undefined).replace(/^want /, ''),
    );
}

function amount(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `${limit} character${limit === 1 ? '' : 's'}`;
  if (origin === 'array') return `${limit} entr${limit === 1 ? 'y' : 'ies'}`;
  return String(limit);
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'an empty value',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
};

function typeWords(expected: string): string {
  return TYPE_WORDS[expected] ?? expected;
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => (/^[\w./-]{1,60}$/.test(name) ? name : quoted(name)));
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}

/** The value at a path, undefined when there is none. */
function valueAt(input: unknown, path: SpecPath): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
