import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/domain/evaluation.js';
import type { VerdictKind } from '../../../src/domain/verdict.js';
import { champion } from '../../../src/gates/champion.js';
import { judge } from '../../../src/gates/index.js';
import { evaluateModels, type EvaluateModelsInput } from '../../../src/metrics/evaluate-models.js';
import { rowsAsBlocks, simulatedRows, type BinaryInput, type Simulated } from '../metrics/simulated-rows.js';
import { evaluationOf, gateOf } from './example-evaluation.js';

const COMPARISONS = 200;
const gate = gateOf();

function evaluate(input: EvaluateModelsInput): Evaluation {
  const { candidate, champion: against = {}, difference = {}, ...rest } = evaluateModels(input);
  return evaluationOf({
    ...rest,
    difference,
    candidate: { bundle: 'b'.repeat(64), metrics: candidate },
    champion: { bundle: 'c'.repeat(64), metrics: against },
  });
}

function compare(
  options: Omit<Simulated, 'seed' | 'blocks' | 'rowsPerBlock'>,
  change: (input: BinaryInput) => BinaryInput = (input) => input,
): Evaluation[] {
  return Array.from({ length: COMPARISONS }, (_, seed) =>
    evaluate(
      change({ ...simulatedRows({ seed, blocks: 60, rowsPerBlock: 20, ...options }), metrics: ['auc', 'brier'] }),
    ),
  );
}

function count(evaluations: readonly Evaluation[], verdict: VerdictKind): number {
  return evaluations.filter((evaluation) => judge(evaluation, gate).verdict === verdict).length;
}

describe('200 comparisons of a candidate that is no better', () => {
  it('promote at the nominal rate, 1 in 40, when models are equal and blocks are resampled', () => {
    const equal = compare({ candidate: 1, champion: 1 });
    // 5 are expected; 14 and more have a chance below 1 in 1,000.
    expect(count(equal, 'PROMOTE')).toBeLessThan(14);
    expect(count(equal, 'REJECT')).toBeLessThan(14);
  });

  it('promote far too often when rows are resampled as if blocks were not', () => {
    const byRow = compare({ candidate: 1, champion: 1 }, rowsAsBlocks);
    expect(count(byRow, 'PROMOTE')).toBeGreaterThan(14);
  });

  it('never promote one that learned nothing, though it beats a stale champion in Brier score', () => {
    const ignorant = compare({ candidate: 0, champion: 1, championLevel: 1 });
    const byBrierAlone = ignorant.filter((evaluation) => champion.judge(evaluation, gate)[0]?.outcome === 'pass');
    expect(byBrierAlone.length).toBeGreaterThan(COMPARISONS / 2);
    expect(count(ignorant, 'PROMOTE')).toBe(0);
    expect(count(ignorant, 'REJECT')).toBeGreaterThan(0.9 * COMPARISONS);
  });

  it('promote one that is better, mostly', () => {
    const better = compare({ candidate: 1, champion: 0 });
    expect(count(better, 'PROMOTE')).toBeGreaterThan(0.9 * COMPARISONS);
  });
});
