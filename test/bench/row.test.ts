import { expect, it } from 'vitest';
import { missesAim, rowText, type BenchRow } from '../../bench/row.js';

const row: BenchRow = { name: 'a step', ratio: 1.2, aim: 1.1, ours: 120, theirs: 100, unit: 'ms' };

it.each([
  ['a time over its aim', row, true],
  ['a time at its aim', { ...row, ratio: 1.1 }, false],
  ['a speed under its aim', { ...row, ratio: 0.7, aim: 0.8, better: 'higher' }, true],
  ['a speed over its aim', { ...row, ratio: 0.9, aim: 0.8, better: 'higher' }, false],
  ['what is no number', { ...row, ratio: NaN }, true],
  ['a speed that is no number', { ...row, ratio: NaN, better: 'higher' }, true],
] as const)('of %s it is told whether it misses its aim', (...[, each, misses]) => {
  expect(missesAim(each)).toBe(misses);
});

it('a figure without an aim is shown and misses none', () => {
  const { aim: _aim, ...shown } = row;
  expect(missesAim(shown)).toBe(false);
  expect(rowText(shown)).toBe('a step: 1.20 (no aim; 120 against 100 ms)');
  expect(rowText(row)).toBe('a step: 1.20 (aim <= 1.1; 120 against 100 ms)');
});
