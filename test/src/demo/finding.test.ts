import { expect, test } from 'vitest';
import { finding } from '../../../src/demo/finding.js';
import { playedWeek } from './played-weeks.js';

test('the finding, says that retraining beat the frozen model where it did', () => {
  const { title } = finding([
    playedWeek({ run: 1, champion: 1, live: 0.12, frozen: 0.12 }),
    playedWeek({ run: 2, champion: 2, live: 0.1, frozen: 0.11 }),
    playedWeek({ run: 3, champion: 3, live: 0.13, frozen: 0.12 }),
    playedWeek({ run: 4, champion: 4, live: 0.1, frozen: 0.13 }),
  ]);
  expect(title).toBe(
    'Retraining beat the frozen first model: mean Brier 0.1125 against 0.1200, better in 2 of the 3 weeks in which another model was live',
  );
});

test('the finding, says that retraining did not help where it did not', () => {
  const weeks = [playedWeek({ run: 1, champion: 1 }), playedWeek({ run: 2, champion: 2, live: 0.12, frozen: 0.11 })];
  expect(finding(weeks).title).toMatch(/^Retraining did not beat the frozen first model/);
});

test('the finding, says when nothing but the first model was live', () => {
  const weeks = [playedWeek({ run: 1, champion: 1 }), playedWeek({ run: 2, champion: 1 })];
  expect(finding(weeks).title).toMatch(/^No other model than the first was ever live/);
});

test.each([
  [0.1, 'the same'],
  [0.09, 'the gate did not beat that'],
  [0.11, 'the gate chose better'],
])('the finding, compares the gate with always taking the newest (%s: %s)', (newest, words) => {
  expect(finding([playedWeek({ run: 1, champion: 1, newest })]).subtitle).toContain(words);
});
