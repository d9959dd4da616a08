import { describe, expect, it } from 'vitest';
import { joinBlocks } from '../../../src/statistics/join-blocks.js';

describe('joinBlocks', () => {
  it('leaves blocks alone up to the limit', () => {
    const blocks = { of: Int32Array.of(0, 1, 2, 1), count: 3 };
    expect(joinBlocks(blocks, 3, 7)).toBe(blocks);
  });

  it('keeps every block whole and gives each group the same number of blocks, within one', () => {
    const of = Int32Array.from({ length: 5000 }, (_, row) => row % 1003);
    const joined = joinBlocks({ of, count: 1003 }, 100, 7);
    const groupOf = new Map<number, number>();
    of.forEach((block, row) => {
      const group = joined.of[row] as number;
      expect(groupOf.get(block) ?? group).toBe(group);
      groupOf.set(block, group);
    });
    const sizes = new Map<number, number>();
    for (const group of groupOf.values()) sizes.set(group, (sizes.get(group) ?? 0) + 1);
    expect(joined.count).toBe(100);
    expect(sizes.size).toBe(100);
    expect(new Set(sizes.values())).toEqual(new Set([10, 11]));
  });

  it('joins at random: neighbours do not stay together, and the seed decides', () => {
    const of = Int32Array.from({ length: 1000 }, (_, row) => row);
    const join = (seed: number): number[] => [...joinBlocks({ of, count: 1000 }, 10, seed).of];
    expect(join(1)).toEqual(join(1));
    expect(join(1)).not.toEqual(join(2));
    const inOrder = join(1).filter((group, row) => group === row % 10).length;
    expect(inOrder).toBeLessThan(200);
  });
});
