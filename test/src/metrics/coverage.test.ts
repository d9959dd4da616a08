import { describe, expect, it } from 'vitest';
import type { Estimate, MetricName } from '../../../src/domain/evaluation.js';
import { evaluateModels, type EvaluatedModels } from '../../../src/metrics/evaluate-models.js';
import { rowsAsBlocks, simulatedRows } from './simulated-rows.js';

const SIMULATIONS = 600;
const parts = ['candidate', 'difference', 'skill'] as const;
const names: readonly MetricName[] = ['auc', 'brier', 'logLoss', 'accuracy'];

type Part = (typeof parts)[number];

function estimate(found: EvaluatedModels, part: Part, name: MetricName): Estimate {
  const { [name]: estimated } = found[part] ?? {};
  if (estimated === undefined) throw new Error(`no ${name} of ${part}`);
  return estimated;
}

/** The value on 40,000 blocks stands for the truth: its error is a 25th of that of 60 blocks. */
const truth = evaluateModels({ ...simulatedRows({ seed: 99, blocks: 40_000, rowsPerBlock: 20 }), resamples: 4 });

function coverage(evaluate: (seed: number) => EvaluatedModels, simulations: number): Map<string, number> {
  const hits = new Map<string, number>();
  for (let seed = 1; seed <= simulations; seed++) {
    const found = evaluate(seed);
    for (const part of parts) {
      for (const name of names) {
        const { low, high } = estimate(found, part, name);
        const { value } = estimate(truth, part, name);
        const key = `${part} ${name}`;
        hits.set(key, (hits.get(key) ?? 0) + (low <= value && value <= high ? 1 / simulations : 0));
      }
    }
  }
  return hits;
}

function meanOf(shares: ReadonlyMap<string, number>): number {
  return [...shares.values()].reduce((sum, share) => sum + share, 0) / shares.size;
}

describe('95 % intervals', () => {
  it('over 60 blocks of 20 rows cover the truth in 92 to 98 % of samples', () => {
    const found = coverage(
      (seed) => evaluateModels(simulatedRows({ seed, blocks: 60, rowsPerBlock: 20 })),
      SIMULATIONS,
    );
    for (const [what, share] of found) {
      expect(share, what).toBeGreaterThanOrEqual(0.92);
      expect(share, what).toBeLessThanOrEqual(0.98);
    }
    expect(meanOf(found)).toBeGreaterThan(0.935);
    expect(meanOf(found)).toBeLessThan(0.965);
  });

  it('over 15 blocks, fewer than any gate should allow, still cover it in 90 % and more', () => {
    const found = coverage(
      (seed) => evaluateModels(simulatedRows({ seed, blocks: 15, rowsPerBlock: 20 })),
      SIMULATIONS,
    );
    expect(meanOf(found)).toBeGreaterThan(0.92);
    for (const [what, share] of found) expect(share, what).toBeGreaterThanOrEqual(0.88);
  });

  it('over single rows, as if blocks were not, would miss it far too often', () => {
    const evaluate = (seed: number): EvaluatedModels =>
      evaluateModels(rowsAsBlocks(simulatedRows({ seed, blocks: 60, rowsPerBlock: 20 })));
    const found = coverage(evaluate, 100);
    expect(meanOf(found)).toBeLessThan(0.85);
  });
});
