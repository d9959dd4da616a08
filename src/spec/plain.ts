import { described, type SpecIssue, type SpecPath } from './path.js';

const MAX_DEPTH = 64;
const MAX_VALUES = 200_000;

/**
 * A copy of the input as plain JSON, with an issue for everything that JSON cannot hold or would silently change:
 * functions, dates, class instances, NaN, whole numbers past 2^53, NUL characters, `__proto__` keys, more than 64
 * levels, more than 200,000 values. Members that are `undefined` are left out, as if they had not been written.
 * Reads every member of the input once.
 */
export function plainJson(input: unknown): { value: unknown; issues: SpecIssue[] } {
  const issues: SpecIssue[] = [];
  let values = 0;

  function copy(value: unknown, path: SpecPath): unknown {
    values += 1;
    if (values > MAX_VALUES) {
      if (values === MAX_VALUES + 1) complain([], `found more than ${MAX_VALUES} values, want fewer`);
      return null;
    }
    if (value === null || value === undefined || typeof value === 'boolean') return value;
    if (typeof value === 'string') return copyText(value, path);
    if (typeof value === 'number') return copyNumber(value, path);
    if (typeof value !== 'object') return refuse(path, `found ${described(value)}, want plain data`);
    if (path.length >= MAX_DEPTH) return refuse(path, `found more than ${MAX_DEPTH} levels, want fewer`);
    if (Array.isArray(value)) return Array.from(value, (item: unknown, index) => copy(item ?? null, [...path, index]));
    if (!isPlain(value)) return refuse(path, `found a ${className(value)}, want plain data`);
    return copyObject(value as Record<string, unknown>, path);
  }

  function copyText(value: string, path: SpecPath): string {
    if (value.includes('\0')) complain(path, 'found text with a NUL character, want text without');
    return value;
  }

  function copyNumber(value: number, path: SpecPath): unknown {
    if (!Number.isFinite(value)) return refuse(path, `found ${value}, want a finite number`);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      complain(path, `found ${value}, want a whole number that is exact: within 2^53 of zero`);
    }
    return value;
  }

  function copyObject(value: Record<string, unknown>, path: SpecPath): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const here = [...path, key];
      if (key === '__proto__') {
        issues.push({ path: here, message: 'found the key "__proto__", want another name', at: 'key' });
        continue;
      }
      const member = copy(value[key], here);
      if (member !== undefined) result[key] = member;
    }
    return result;
  }

  function refuse(path: SpecPath, message: string): null {
    complain(path, message);
    return null;
  }

  function complain(path: SpecPath, message: string): void {
    issues.push({ path, message });
  }

  return { value: copy(input, []), issues };
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Modules run by vm or by a test runner have another realm's Object.prototype: the top of any chain counts.
  return (
    prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
  );
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'class instance';
}
