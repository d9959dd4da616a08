import { LANES } from '../statistics/block-bootstrap.js';
import type { Blocks } from '../statistics/join-blocks.js';
import { sortOrder } from '../statistics/sort-order.js';
import type { Labels, Metric, ScoredRows } from './metric.js';

const FALSE_ROW = 0;
const TRUE_ROW = 1;
/** A true row that shares its score with false rows; it comes twice, before and after them, for half each. */
const HALF_TRUE_ROW = 2;
const KIND_BITS = 2;

/**
 * The area under the ROC curve: the chance that a true row has a higher score than a false one, ties counting half.
 * Not defined (NaN) without rows of both classes.
 *
 * Exact for every resample, not only for the rows as they are. Rows are sorted by score once; then one pass counts, for
 * each true row, the drawn false rows below it. That costs 0.7 ns a row and resample, which is no more than histograms
 * of scores cost when blocks are small, and has no error that would have to be bounded.
 */
export const auc: Metric = {
  name: 'auc',
  prepare(rows, blocks) {
    const { trues, falses } = countClasses(rows.labels, blocks);
    const steps = orderedSteps(rows, blocks);
    const won = new Float64Array(LANES);
    return {
      replicate(counts, out, at) {
        if (steps !== undefined) countWonPairs(steps, counts, won);
        for (let lane = 0; lane < LANES; lane++) {
          let drawnTrues = 0;
          let drawnFalses = 0;
          for (let block = 0, place = lane; block < trues.length; block++, place += LANES) {
            drawnTrues += (counts[place] as number) * (trues[block] as number);
            drawnFalses += (counts[place] as number) * (falses[block] as number);
          }
          const pairs = drawnTrues * drawnFalses;
          const wonPairs = steps === undefined ? pairs / 2 : (won[lane] as number);
          out[at + lane] = pairs === 0 ? Number.NaN : wonPairs / pairs;
        }
      },
    };
  },
};

/** Rows of each class in each block. */
function countClasses(labels: Labels, blocks: Blocks): { trues: Float64Array; falses: Float64Array } {
  const trues = new Float64Array(blocks.count);
  const falses = new Float64Array(blocks.count);
  blocks.of.forEach((block, row) => {
    const counts = labels[row] === 1 ? trues : falses;
    counts[block] = (counts[block] as number) + 1;
  });
  return { trues, falses };
}

/** Rows by ascending score as numbers: where the block's counts start, and the kind. Undefined if all scores tie. */
function orderedSteps({ labels, scores }: ScoredRows, blocks: Blocks): Int32Array | undefined {
  const order = sortOrder(scores);
  const first = scores[order[0] as number] as number;
  if (scores[order[order.length - 1] as number] === first) return undefined;
  // Room for every row twice, as half rows; most models need little more than once.
  const steps = new Int32Array(2 * order.length);
  let length = 0;
  const push = (start: number, end: number, label: number, kind: number): void => {
    for (let place = start; place < end; place++) {
      const row = order[place] as number;
      if (labels[row] === label) steps[length++] = (((blocks.of[row] as number) * LANES) << KIND_BITS) | kind;
    }
  };
  for (let start = 0, end = 0; start < order.length; start = end) {
    const score = scores[order[start] as number];
    let trues = 0;
    // At least one row a turn, so that even NaN, which ties with nothing, comes to an end.
    do trues += labels[order[end++] as number] as number;
    while (end < order.length && scores[order[end] as number] === score);
    const tied = trues > 0 && trues < end - start;
    if (tied) push(start, end, 1, HALF_TRUE_ROW);
    push(start, end, 0, FALSE_ROW);
    push(start, end, 1, tied ? HALF_TRUE_ROW : TRUE_ROW);
  }
  return steps.slice(0, length);
}

/**
 * Counts, for each lane, the pairs of a true row and a false row below it. Lanes are written out because an inner loop
 * takes four times longer; a plain function because the engine optimises closures for the first model only.
 */
function countWonPairs(steps: Int32Array, counts: Float64Array, won: Float64Array): void {
  let below0 = 0;
  let below1 = 0;
  let below2 = 0;
  let below3 = 0;
  let won0 = 0;
  let won1 = 0;
  let won2 = 0;
  let won3 = 0;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as number;
    const place = step >>> KIND_BITS;
    const kind = step & ((1 << KIND_BITS) - 1);
    if (kind === FALSE_ROW) {
      below0 += counts[place] as number;
      below1 += counts[place + 1] as number;
      below2 += counts[place + 2] as number;
      below3 += counts[place + 3] as number;
    } else {
      const share = kind === TRUE_ROW ? 1 : 0.5;
      won0 += share * (counts[place] as number) * below0;
      won1 += share * (counts[place + 1] as number) * below1;
      won2 += share * (counts[place + 2] as number) * below2;
      won3 += share * (counts[place + 3] as number) * below3;
    }
  }
  won[0] = won0;
  won[1] = won1;
  won[2] = won2;
  won[3] = won3;
}
