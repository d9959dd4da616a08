import { StoreRefusedError } from '../errors.js';

const SEGMENT = /^[a-z0-9][a-z0-9._-]{0,199}$/;
const LONGEST_KEY = 1024;

/**
 * The key, when it keeps the rules that every backend can hold (see `ArtifactStore`); there is no way to write a path
 * outside the store with such a key.
 *
 * @throws {StoreRefusedError}
 */
export function checkedKey(key: string): string {
  const problem = problemOf(key);
  if (problem) {
    throw new StoreRefusedError(`Cannot use object key ${JSON.stringify(key)}: ${problem}`, {
      fix: 'Use lower-case segments of a-z, 0-9, dot, dash and underscore joined by "/", the first starting with a letter.',
      details: { key },
    });
  }
  return key;
}

/**
 * The prefix of a listing, when it is empty or ends in `/` and would be a key without it.
 *
 * @throws {StoreRefusedError}
 */
export function checkedPrefix(prefix: string): string {
  if (prefix === '') return prefix;
  if (!prefix.endsWith('/')) {
    throw new StoreRefusedError(`Cannot list objects below ${JSON.stringify(prefix)}: a prefix ends in "/"`, {
      fix: `List ${JSON.stringify(`${prefix}/`)} instead.`,
    });
  }
  checkedKey(prefix.slice(0, -1));
  return prefix;
}

/** True for a key that this store could have written; other programs may keep theirs in the same bucket or folder. */
export function isKey(key: string): boolean {
  return problemOf(key) === undefined;
}

function problemOf(key: string): string | undefined {
  if (key.length > LONGEST_KEY) return `it has ${key.length} characters, the limit is ${LONGEST_KEY}`;
  const segments = key.split('/');
  const bad = segments.find((segment) => !SEGMENT.test(segment));
  if (bad !== undefined) return `segment ${JSON.stringify(bad)} is not one of ${SEGMENT.source}`;
  if (!/^[a-z]/.test(key)) return 'the first segment starts with a letter';
  return undefined;
}
