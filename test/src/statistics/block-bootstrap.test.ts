import { describe, expect, it } from 'vitest';
import { blockBootstrap, LANES, onAllBlocks, type BlockStatistic } from '../../../src/statistics/block-bootstrap.js';
import { blockMean } from '../../../src/statistics/block-mean.js';

/** Writes a resample's counts as one number, a decimal digit a block. */
const spelled = (blocks: number): BlockStatistic => ({
  replicate(counts, out, at) {
    for (let lane = 0; lane < LANES; lane++) {
      let number = 0;
      for (let block = 0; block < blocks; block++) number = number * 10 + (counts[block * LANES + lane] as number);
      out[at + lane] = number;
    }
  },
});

describe('blockBootstrap', () => {
  it('draws as many blocks as there are, each resample of three blocks as often as chance has it', () => {
    const [replicates] = blockBootstrap([spelled(3)], { blocks: 3, resamples: 27_000, seed: 5 });
    const seen = new Map<number, number>();
    for (const replicate of replicates ?? []) seen.set(replicate, (seen.get(replicate) ?? 0) + 1);
    const ways: Record<string, number> = { 3: 1, 30: 1, 300: 1, 12: 3, 21: 3, 102: 3, 201: 3, 120: 3, 210: 3, 111: 6 };
    expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual(
      Object.keys(ways)
        .map(Number)
        .toSorted((a, b) => a - b),
    );
    const chiSquare = Object.entries(ways).reduce(
      (sum, [counts, chance]) => sum + ((seen.get(Number(counts)) ?? 0) - 1000 * chance) ** 2 / (1000 * chance),
      0,
    );
    // The 99.9 % point with 9 degrees of freedom.
    expect(chiSquare).toBeLessThan(27.9);
  });

  it('gives the same replicates for the same seed, in any number', () => {
    const run = (resamples: number, seed: number): number[] => [
      ...(blockBootstrap([spelled(5)], { blocks: 5, resamples, seed })[0] ?? []),
    ];
    expect(run(10, 1)).toEqual(run(10, 1));
    expect(run(10, 1)).toHaveLength(10);
    expect(run(10, 1)).toEqual(run(50, 1).slice(0, 10));
    expect(run(10, 1)).not.toEqual(run(10, 2));
  });

  it('shows all statistics the same draws', () => {
    const [first, second] = blockBootstrap([spelled(4), spelled(4)], { blocks: 4, resamples: 100, seed: 3 });
    expect(first).toEqual(second);
  });
});

describe('blockMean', () => {
  it('weighs blocks by their rows', () => {
    const values = [1, 2, 3, 10];
    const mean = blockMean({ of: Int32Array.of(0, 0, 0, 1), count: 2 }, (row) => values[row] as number);
    expect(onAllBlocks(mean, 2)).toBe(4);
    const out = new Float64Array(LANES);
    mean.replicate(Float64Array.of(2, 0, 1, 1, 0, 2, 1, 3), out, 0);
    expect([...out]).toEqual([2, 10, 4, 6]);
  });
});
