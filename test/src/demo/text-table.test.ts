import { expect, test } from 'vitest';
import { textTable } from '../../../src/demo/text-table.js';

test('a table, has words flush left and numbers flush right', () => {
  const rows = [
    ['week', 'rows', 'verdict'],
    ['22 Jan', '115,963', 'HOLD'],
    ['5 Feb', '99', 'PROMOTE'],
  ];
  expect(textTable(rows)).toBe('week       rows  verdict\n22 Jan  115,963  HOLD\n5 Feb        99  PROMOTE');
});

test('a table without rows, is empty', () => {
  expect(textTable([])).toBe('');
});
