import { expect, test } from 'vitest';
import { cronProblem } from '../../../src/spec/cron.js';
import { nearestName } from '../../../src/spec/nearest.js';

test.each([
  '0 6 * * 1',
  '*/5 * * * *',
  '0,30 8-18 1-15/2 jan-mar,DEC mon-fri',
  '59 23 31 12 7',
  '0 0 29 2 *',
  '5/10 * * * *',
  '  0   6 * * *  ',
])('cron "%s" is right', (text) => {
  expect(cronProblem(text)).toBeUndefined();
});

test.each([
  ['', 'found 0 fields, want five'],
  ['* * * *', 'found 4 fields'],
  ['* * * * * *', 'found 6 fields'],
  ['@daily', 'found 1 field, want five'],
  ['60 * * * *', 'found "60" as the minute, want 0 to 59'],
  ['* 24 * * *', 'found "24" as the hour, want 0 to 23'],
  ['* * 0 * *', 'found "0" as the day of month, want 1 to 31'],
  ['* * * 13 *', 'found "13" as the month, want 1 to 12'],
  ['* * * * 8', 'found "8" as the day of week, want 0 to 7'],
  ['* * * foo *', 'found "foo" as the month'],
  ['* * * * monday', 'found "monday" as the day of week'],
  ['30-10 * * * *', 'want the smaller first'],
  ['*/0 * * * *', 'want a step of at least 1'],
  ['? * * * *', 'found "?" as the minute'],
  ['* * L * *', 'found "L" as the day of month'],
  ['1, * * * *', 'found "" as the minute'],
  ['-1 * * * *', 'found "-1" as the minute'],
  ['1.5 * * * *', 'found "1.5" as the minute'],
  ['* * 31 2,4,6,9,11 *', 'found a day of month that its months do not have'],
  ['0 0 30 feb *', 'found a day of month that its months do not have'],
])('cron "%s" is wrong', (text, message) => {
  expect(cronProblem(text)).toContain(message);
});

test('a cron of 100,000 characters is refused at once', () => {
  const start = performance.now();
  for (const character of ['*', '1,', '1-', '/', ' ']) cronProblem(character.repeat(100_000));
  expect(performance.now() - start).toBeLessThan(2000);
});

test('the nearest name is at most two edits away, and less than half of the word', () => {
  const known = ['train', 'test', 'validation', 'lookback', 'by'];
  expect(nearestName('trian', known)).toBe('train');
  expect(nearestName('TEST', known)).toBe('test');
  expect(nearestName('validaton', known)).toBe('validation');
  expect(nearestName('lookbaack', known)).toBe('lookback');
  expect(nearestName('x', known)).toBeUndefined();
  expect(nearestName('lokbak', ['lookback'])).toBe('lookback');
  expect(nearestName('loka', ['lookback'])).toBeUndefined();
  expect(nearestName('x'.repeat(100_000), known)).toBeUndefined();
});
