import type { Evaluation } from '../domain/evaluation.js';
import type { GateSpec } from '../spec/spec.js';
import type { GateRule } from './gate.js';
import { count } from './words.js';

/** Enough rows, and enough blocks of rows, to judge at all. Below that nothing is refused and nothing promoted. */
export const minimum: GateRule = {
  name: 'minimum',
  judge(evaluation, gate) {
    const { rows, blocks } = gate.minimum;
    const found = `${count(evaluation.rows)} test rows in ${count(evaluation.blocks)} blocks`;
    const wanted = `at least ${count(rows)} rows and ${count(blocks)} blocks are wanted`;
    return enoughData(evaluation, gate)
      ? [{ rule: 'minimum', outcome: 'pass', reason: `Enough data to judge: ${found}; ${wanted}.` }]
      : [{ rule: 'minimum', outcome: 'insufficient', reason: `Not enough data to judge: ${found}; ${wanted}.` }];
  },
};

/** Whether there are as many rows and blocks as the gate wants. */
export function enoughData(evaluation: Evaluation, gate: GateSpec): boolean {
  return evaluation.rows >= gate.minimum.rows && evaluation.blocks >= gate.minimum.blocks;
}
