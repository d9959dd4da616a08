import { describe, expect, it } from 'vitest';
import { adjustFalseDiscovery } from '../../../src/statistics/false-discovery.js';
import { golden } from '../../golden/golden.js';

describe('adjustFalseDiscovery', () => {
  it('adjusts as statsmodels does', () => {
    for (const { pValues, adjusted } of golden('drift.json').falseDiscovery) {
      const ours = adjustFalseDiscovery(pValues);
      expect(ours).toHaveLength(adjusted.length);
      for (const [index, value] of adjusted.entries()) expect(ours[index]).toBeCloseTo(value, 14);
    }
  });

  it('has nothing to adjust without tests', () => {
    expect(adjustFalseDiscovery([])).toEqual([]);
  });
});
