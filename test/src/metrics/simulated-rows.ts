import type { EvaluateModelsInput } from '../../../src/metrics/evaluate-models.js';
import { Random } from '../../../src/statistics/random.js';

export type BinaryInput = EvaluateModelsInput & { readonly labels: Uint8Array };

export interface Simulated {
  readonly seed: number;
  readonly blocks: number;
  readonly rowsPerBlock: number;
  /** How much of what is known the candidate and the champion use; 1 is all, 0 nothing. Default 1 and 0.5. */
  readonly candidate?: number;
  readonly champion?: number;
  /** What the champion believes of the base rate, on the logit scale. Default -1, which is right. */
  readonly championLevel?: number;
  readonly resamples?: number;
}

/**
 * Rows whose blocks share an effect on the label that no model knows, and an effect on the feature that models use: the
 * more alike the rows of a block, the less single rows say. Two models of equal skill differ by noise of their own.
 */
export function simulatedRows(options: Simulated): BinaryInput {
  const { blocks: blockCount, rowsPerBlock, candidate = 1, champion = 0.5, championLevel = -1 } = options;
  const random = new Random(options.seed);
  const rows = blockCount * rowsPerBlock;
  const labels = new Uint8Array(rows);
  const blocks = new Int32Array(rows);
  const candidateScores = new Float64Array(rows);
  const championScores = new Float64Array(rows);
  for (let block = 0, row = 0; block < blockCount; block++) {
    const hidden = 0.8 * normal(random);
    const shared = 0.8 * normal(random);
    const [candidateHabit, championHabit] = [0.3 * normal(random), 0.3 * normal(random)];
    for (let step = 0; step < rowsPerBlock; step++, row++) {
      const known = shared + 0.8 * normal(random);
      blocks[row] = block;
      labels[row] = random.uniform() < logistic(-1 + known + hidden) ? 1 : 0;
      candidateScores[row] = logistic(-1 + candidate * known + candidateHabit);
      championScores[row] = logistic(championLevel + champion * known + championHabit);
    }
  }
  return {
    kind: 'binary',
    labels,
    blocks,
    models: { candidate: candidateScores, champion: championScores },
    baseline: [0.3],
    metrics: ['auc', 'brier', 'logLoss', 'accuracy'],
    resamples: options.resamples ?? 200,
    confidence: 0.95,
    seed: options.seed,
  };
}

/** Every row a block of its own: what a bootstrap over rows believes. */
export function rowsAsBlocks(input: BinaryInput): BinaryInput {
  return { ...input, blocks: Int32Array.from(input.labels, (_, row) => row) };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
