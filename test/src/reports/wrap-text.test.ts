import { expect, test } from 'vitest';
import { wrapText } from '../../../src/reports/wrap-text.js';

test('a long text, is broken at spaces into lines that fit', () => {
  expect(wrapText('the champion stays for now', 12)).toEqual(['the champion', 'stays for', 'now']);
});

test('a word that is too long, has a line of its own', () => {
  expect(wrapText('a retrained model', 5)).toEqual(['a', 'retrained', 'model']);
});

test('an empty text, has no lines', () => {
  expect(wrapText('  ', 5)).toEqual([]);
});
