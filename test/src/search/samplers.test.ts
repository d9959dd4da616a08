import { describe, expect, test } from 'vitest';
import type { Dimension, Parameters } from '../../../src/domain/search.js';
import { gridSampler } from '../../../src/search/grid.js';
import { randomSampler } from '../../../src/search/random.js';
import { pointOf } from '../../../src/search/space.js';

const number = { log: false } as const;
const space: Readonly<Record<string, Dimension>> = {
  rate: { type: 'float', low: 0.001, high: 1, log: true },
  share: { type: 'float', low: 0.1, high: 0.5, step: 0.1, ...number },
  leaves: { type: 'int', low: 2, high: 64, log: true },
  booster: { type: 'categorical', values: ['trees', 'linear'] },
  depth: { type: 'int', low: 1, high: 4, ...number, when: { booster: ['trees'] } },
  penalty: { type: 'float', low: 0, high: 1, ...number, when: { booster: ['linear'] } },
};
const input = { space, fixed: {}, seed: 7 };

describe('random sampler', () => {
  const draws = Array.from({ length: 2000 }, (_, trial) => randomSampler(input).suggest(trial)!);

  test('stays inside the space, on the steps, and on the dimensions that apply', () => {
    for (const { rate, share, leaves, booster, depth, penalty } of draws as Record<string, number | string>[]) {
      expect(rate).toBeGreaterThanOrEqual(0.001);
      expect(rate).toBeLessThanOrEqual(1);
      expect([0.1, 0.2, 0.3, 0.4, 0.5]).toContain(share);
      expect(Number.isInteger(leaves)).toBe(true);
      expect(depth === undefined).toBe(booster === 'linear');
      expect(penalty === undefined).toBe(booster === 'trees');
    }
  });

  test('is even: in the logarithm where log is set, over steps, values and whole numbers alike', () => {
    const share = (of: (draw: Parameters) => boolean) => draws.filter(of).length / draws.length;
    expect(share(({ rate }) => Number(rate) < 0.0316)).toBeCloseTo(0.5, 1);
    expect(share(({ leaves }) => Number(leaves) < 10)).toBeCloseTo(0.5, 1);
    expect(share(({ booster }) => booster === 'trees')).toBeCloseTo(0.5, 1);
    for (const value of [0.1, 0.3, 0.5]) expect(share((draw) => draw['share'] === value)).toBeCloseTo(0.2, 1);
    const trees = draws.filter(({ booster }) => booster === 'trees');
    for (const value of [1, 4]) {
      expect(trees.filter(({ depth }) => depth === value).length / trees.length).toBeCloseTo(0.25, 1);
    }
  });

  test('gives a trial the same parameters whoever asks and whenever, and its neighbours others', () => {
    expect(randomSampler(input).suggest(41)).toEqual(draws[41]);
    expect(new Set(draws.map((draw) => draw['rate'])).size).toBeGreaterThan(1990);
    expect(randomSampler({ ...input, seed: 8 }).suggest(41)).not.toEqual(draws[41]);
  });
});

describe('grid sampler', () => {
  const { share, booster, depth } = space;
  const finite = { space: { share: share!, booster: booster!, depth: depth! }, fixed: {}, seed: 7 };

  test('gives each point once, those of dimensions that do not apply not at all, and then no more', () => {
    const sampler = gridSampler(finite);
    const points = Array.from({ length: 25 }, (_, trial) => sampler.suggest(trial));
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(25);
    expect(points.filter((point) => point?.['booster'] === 'linear')).toHaveLength(5);
    expect(sampler.suggest(25)).toBeUndefined();
  });

  test('looks everywhere early: the order is the seed’s and not that of the values', () => {
    const sampler = gridSampler(finite);
    const shares = new Set(Array.from({ length: 12 }, (_, trial) => sampler.suggest(trial)?.['share']));
    expect(shares.size).toBeGreaterThan(3);
    expect(gridSampler(finite).suggest(3)).toEqual(sampler.suggest(3));
  });
});

test('parameters of a champion are a point of the space only when every dimension that applies has its value in it', () => {
  const whole = { rate: 0.1, share: 0.3, leaves: 8, booster: 'linear', penalty: 0.5, other: 1 };
  const { other: _other, ...point } = whole;
  expect(pointOf(space, {}, whole)).toEqual(point);
  expect(pointOf(space, {}, { ...whole, rate: 2 })).toBeUndefined();
  expect(pointOf(space, {}, { ...whole, share: 0.35 })).toBeUndefined();
  expect(pointOf(space, {}, { ...whole, booster: 'trees' })).toBeUndefined();
});
