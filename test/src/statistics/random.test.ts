import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/statistics/random.js';

describe('Random', () => {
  it('gives the numbers of the reference xoshiro128** for the state 1, 2, 3, 4', () => {
    const random = new Random(0);
    Object.assign(random, { a: 1, b: 2, c: 3, d: 4 });
    const numbers = Array.from({ length: 10 }, () => random.uint32());
    expect(numbers).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('gives the same numbers for the same seed and others for every other seed', () => {
    const start = (seed: number): string => {
      const random = new Random(seed);
      return [random.uint32(), random.uint32()].join();
    };
    expect(start(7)).toBe(start(7));
    const seeds = [...Array(1000).keys(), 2 ** 31, 2 ** 32 - 1];
    expect(new Set(seeds.map(start)).size).toBe(seeds.length);
  });

  it.each([0.5, -1, 2 ** 32, Number.NaN])('refuses the seed %s', (seed) => {
    expect(() => new Random(seed)).toThrow(`Cannot seed with ${seed}`);
  });

  it('draws every number below a bound about equally often', () => {
    const random = new Random(3);
    const counts = new Float64Array(10);
    for (let draw = 0; draw < 100_000; draw++) {
      const drawn = random.below(10);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // The 99.9 % point with 9 degrees of freedom.
    expect(chiSquare).toBeLessThan(27.9);
  });

  it('gives uniform numbers from 0 to below 1 with mean a half and variance a twelfth', () => {
    const random = new Random(4);
    const values = Float64Array.from({ length: 100_000 }, () => random.uniform());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
  });
});
