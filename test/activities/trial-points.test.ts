import { expect, it } from 'vitest';
import { TrialPoints } from '../../activities/trial-points.js';

it('a trial keeps the points of its whole way, however many it tells, at the same steps as every other', () => {
  const [long, longer] = [new TrialPoints(), new TrialPoints()];
  for (let step = 0; step < 100_000; step++) long.add(step, step / 2);
  for (let step = 0; step < 101_000; step++) longer.add(step, 1);
  const steps = long.kept.map(([step]) => step);
  expect(steps.length).toBeLessThan(1000);
  expect(steps[0]).toBe(0);
  expect(steps.at(-1)).toBeGreaterThan(99_000);
  expect(longer.kept.map(([step]) => step).slice(0, steps.length)).toEqual(steps);
});

it('a trial keeps no point that is not finite', () => {
  const points = new TrialPoints();
  for (const value of [Number.NaN, Infinity, undefined]) expect(points.add(1, value)).toBe(false);
  expect(points.kept).toEqual([]);
});
