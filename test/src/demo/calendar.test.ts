import { expect, test } from 'vitest';
import { DEFAULT_WEEKS, demoCalendar } from '../../../src/demo/calendar.js';

test('the calendar, begins with three weeks at once and goes on week by week', () => {
  const calendar = demoCalendar(DEFAULT_WEEKS);
  expect(calendar).toHaveLength(10);
  expect(calendar[0]).toEqual({ week: 3, arriving: [1, 2, 3] });
  expect(calendar[1]).toEqual({ week: 4, arriving: [4] });
  expect(calendar.at(-1)?.week).toBe(12);
});

test('the calendar, has each trouble once whatever its length', () => {
  for (let weeks = 4; weeks <= 23; weeks++) {
    const troubles = demoCalendar(weeks).flatMap(({ trouble }) => trouble ?? []);
    expect(troubles).toEqual(['missing-column', 'shuffled-labels', 'worker-killed']);
    // The first week has no champion that could stay.
    expect(demoCalendar(weeks)[0]?.trouble).toBeUndefined();
  }
});

test('the calendar, leaves a week to be served at the end of the data', () => {
  expect(demoCalendar(23).at(-1)?.week).toBe(25);
});

test.each([3, 24, 4.5, Number.NaN])('the calendar, refuses %s weeks', (weeks) => {
  expect(() => demoCalendar(weeks)).toThrow(/from 4 to 23/);
});
