import { describe, expect, it } from 'vitest';
import { shownValue } from '../../../src/data/shown-value.js';

describe('what a message shows of a value', () => {
  it.each([
    ['Anna Smith', 'text like "Aaaa Aaaaa"'],
    ['anna.smith@example.com', 'text like "aaaa.aaaaa@aaaaaaa.a..." (22 characters)'],
    ['+49 151 2345678', 'text like "+99 999 9999999"'],
    ['12.50', 'text like "99.99"'],
    ['1e999', 'text like "9e999"'],
    ['0x10', 'text like "9x99"'],
    ['Ünïcode', 'text like "Aaaaaaa"'],
    ['\u0663\u202e\u{1f600}\n', 'text like "????"'],
    ['x'.repeat(50_000), 'text like "aaaaaaaaaaaaaaaaaaaa..." (50000 characters)'],
    // What stands for nothing is no secret, and tells most.
    ['n/a', '"n/a"'],
    [' NULL ', '"NULL"'],
    ['-Infinity', '"-Infinity"'],
    ['', 'an empty text'],
    ['  ', 'white space'],
  ])('of "%s" is %s', (value, shown) => {
    expect(shownValue(value)).toBe(shown);
  });
});
