import { expect, test } from 'vitest';
import { wrapped } from '../../../src/demo/wrapped.js';

test('wrapping, breaks between words and goes on below the text', () => {
  expect(wrapped('short\n  label   one two three', 16)).toBe('short\n  label   one\n          two\n          three');
});

test('wrapping, leaves a word whole that is longer than a line', () => {
  expect(wrapped('  see http://a.very.long/address and more', 12)).toBe(
    '  see\n  http://a.very.long/address\n  and more',
  );
});
